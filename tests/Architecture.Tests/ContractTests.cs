using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using Mesh.Contracts;
using Orleans;

namespace Mesh.Architecture.Tests;

/// <summary>
/// What crosses a call between grains cannot change afterwards. In one process nothing is copied on the way, so a list that its
/// sender went on writing to would change at its receiver, in another turn and on another thread.
/// </summary>
public sealed class ContractTests
{
    private static readonly HashSet<Type> Plain =
    [
        typeof(string), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(Uri),
        typeof(CancellationToken), typeof(void), typeof(object), typeof(System.Net.IPAddress),
    ];

    private static readonly HashSet<Type> Wrappers =
    [
        typeof(Task<>), typeof(ValueTask<>), typeof(Nullable<>), typeof(IAsyncEnumerable<>),
        typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableDictionary<,>), typeof(ImmutableSortedDictionary<,>),
        typeof(ImmutableHashSet<>), typeof(ImmutableSortedSet<>), typeof(ReadOnlyMemory<>), typeof(KeyValuePair<,>),
    ];

    private static readonly Type[] Interfaces =
    [
        .. typeof(IServiceGrain).Assembly.GetTypes()
            .Where(type => type.IsInterface && (typeof(IGrain).IsAssignableFrom(type) || typeof(IGrainObserver).IsAssignableFrom(type))),
    ];

    [Fact]
    public void What_crosses_a_call_between_grains_is_immutable()
    {
        Assert.Contains(typeof(IServiceGrain), Interfaces);
        var problems = new List<string>();
        var seen = new HashSet<Type>();
        foreach (var method in Interfaces.SelectMany(type => type.GetMethods()))
        {
            foreach (var type in method.GetParameters().Select(parameter => parameter.ParameterType).Append(method.ReturnType))
            {
                Check(type, $"{method.DeclaringType!.Name}.{method.Name}", seen, problems);
            }
        }
        Assert.True(problems.Count == 0, string.Join('\n', problems));
        Assert.True(seen.Count > 10, "Hardly any type was checked.");
    }

    [Fact]
    public void A_list_an_array_and_a_settable_property_would_be_noticed()
    {
        var problems = new List<string>();
        Check(typeof(Loose), "here", [], problems);
        Assert.Equal(3, problems.Count);
    }

    [Fact]
    public void Calls_between_grains_return_tasks()
    {
        foreach (var method in Interfaces.SelectMany(type => type.GetMethods()))
        {
            var result = method.ReturnType.IsGenericType ? method.ReturnType.GetGenericTypeDefinition() : method.ReturnType;
            Assert.True(
                result == typeof(Task) || result == typeof(Task<>) || result == typeof(ValueTask) || result == typeof(ValueTask<>)
                || result == typeof(IAsyncEnumerable<>),
                $"{method.DeclaringType!.Name}.{method.Name} returns {method.ReturnType.Name}.");
        }
    }

    private static void Check(Type type, string where, HashSet<Type> seen, List<string> problems)
    {
        if (type.IsPrimitive || type.IsEnum || type.IsGenericParameter || Plain.Contains(type) || type == typeof(Task) || type == typeof(ValueTask)
            || typeof(IGrain).IsAssignableFrom(type) || typeof(IGrainObserver).IsAssignableFrom(type) || !seen.Add(type))
        {
            return;
        }
        if (type.IsGenericType && Wrappers.Contains(type.GetGenericTypeDefinition()))
        {
            Array.ForEach(type.GetGenericArguments(), inner => Check(inner, where, seen, problems));
            return;
        }
        if (type.Namespace?.StartsWith("Mesh.", StringComparison.Ordinal) != true)
        {
            problems.Add($"{where}: {type} can change after it was sent; use an immutable collection or a record.");
            return;
        }
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            // Fields of init-only properties count as read-only; nothing but an initializer writes them.
            var property = type.GetProperties().FirstOrDefault(property => field.Name == $"<{property.Name}>k__BackingField");
            var initOnly = property?.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
            if (!field.IsInitOnly && !initOnly)
            {
                problems.Add($"{where}: {type.Name}.{property?.Name ?? field.Name} can be set after it was sent; make it init-only.");
            }
            else
            {
                Check(field.FieldType, $"{where}: {type.Name}.{property?.Name ?? field.Name}", seen, problems);
            }
        }
        Array.ForEach(type.GenericTypeArguments, inner => Check(inner, where, seen, problems));
    }

    private sealed record Loose(List<string> Names, int[] Numbers)
    {
        public string Text { get; set; } = "";
    }
}
