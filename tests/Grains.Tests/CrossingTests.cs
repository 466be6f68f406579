using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Mesh.Contracts;
using Orleans.Runtime;
using Xunit;

namespace Mesh.Grains.Tests;

/// <summary>
/// What crosses a call between silos goes as JSON with the serializer's own settings, and a property that nothing sets on the way back is lost without a word. So each
/// type that a grain takes or returns is filled to the last property, sent, and compared. Exceptions go another way, the runtime's own.
/// </summary>
public sealed class CrossingTests
{
    private static readonly JsonSerializerOptions AsTheSiloHasThem = new();

    public static TheoryData<Type> Crossing() =>
    [
        .. new[] { typeof(IServiceGrain).Assembly, typeof(MeshGrainsExtensions).Assembly }
            .SelectMany(static assembly => assembly.GetTypes())
            .Where(static type => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type))
            .SelectMany(static grain => grain.GetMethods())
            .SelectMany(static method => method.GetParameters().Select(static parameter => parameter.ParameterType).Append(method.ReturnType))
            .Select(static type => type.IsGenericType && type.Name is "Task`1" or "ValueTask`1" ? type.GetGenericArguments()[0] : type)
            .Where(static type => type != typeof(Task) && type != typeof(ValueTask) && type != typeof(CancellationToken) && !type.IsInterface)
            .Distinct()
            .OrderBy(static type => type.ToString(), StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Crossing))]
    public void What_a_grain_takes_or_returns_comes_over_whole(Type type)
    {
        var (sent, come) = Across(type);
        Assert.Equal(sent, come);
    }

    [Fact]
    public void What_would_be_lost_is_noticed()
    {
        var (sent, come) = Across(typeof(Forgetful));
        Assert.NotEqual(sent, come);
        Assert.True(Crossing().Count > 20);
    }

    private static (string Sent, string Come) Across(Type type)
    {
        var sent = JsonSerializer.Serialize(Sample(type, 0), type, AsTheSiloHasThem);
        return (sent, JsonSerializer.Serialize(JsonSerializer.Deserialize(sent, type, AsTheSiloHasThem), type, AsTheSiloHasThem));
    }

    // Filled: nothing has its default value, so that nothing can be lost without a difference.
    private static object? Sample(Type type, int depth)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (depth > 8)
        {
            return type.IsValueType ? RuntimeHelpers.GetUninitializedObject(type) : null;
        }

        return type switch
        {
            _ when type == typeof(string) => "a",
            _ when type == typeof(bool) => true,
            _ when type == typeof(TimeSpan) => TimeSpan.FromSeconds(7),
            _ when type == typeof(DateTimeOffset) => new DateTimeOffset(2026, 3, 1, 11, 0, 0, TimeSpan.Zero),
            _ when type == typeof(Guid) => new Guid("00000000-0000-0000-0000-000000000007"),
            _ when type == typeof(ReadOnlyMemory<byte>) => new ReadOnlyMemory<byte>([7]),
            _ when type.IsEnum => Enum.GetValues(type) is { Length: > 1 } values ? values.GetValue(1) : Enum.GetValues(type).GetValue(0),
            _ when type.IsPrimitive || type == typeof(decimal) => Convert.ChangeType(7, type, System.Globalization.CultureInfo.InvariantCulture),
            _ when type.IsArray => Items(type.GetElementType()!, depth),
            _ when typeof(IEnumerable).IsAssignableFrom(type) && type.IsGenericType => Collection(type, depth),
            _ => Made(type, depth),
        };
    }

    private static Array Items(Type item, int depth)
    {
        var items = Array.CreateInstance(item, 1);
        items.SetValue(Sample(item, depth + 1), 0);
        return items;
    }

    // The JSON of a collection is the same whatever collection it is.
    private static object? Collection(Type type, int depth)
    {
        var of = type.GetGenericArguments();
        if (of.Length == 1)
        {
            return JsonSerializer.Deserialize(JsonSerializer.Serialize(Items(of[0], depth), AsTheSiloHasThem), type, AsTheSiloHasThem);
        }

        var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(of))!;
        map.Add(Sample(of[0], depth + 1)!, Sample(of[1], depth + 1));
        return JsonSerializer.Deserialize(JsonSerializer.Serialize(map, map.GetType(), AsTheSiloHasThem), type, AsTheSiloHasThem);
    }

    private static object Made(Type type, int depth)
    {
        var constructor = type.GetConstructors().OrderByDescending(static made => made.GetParameters().Length).FirstOrDefault();
        var made = constructor is null
            ? Activator.CreateInstance(type)!
            : constructor.Invoke([.. constructor.GetParameters().Select(parameter => Sample(parameter.ParameterType, depth + 1))]);
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(static property => property.SetMethod is not null))
        {
            property.SetValue(made, Sample(property.PropertyType, depth + 1));
        }

        return made;
    }

    private sealed record Forgetful
    {
        public int Kept { get; init; }

        public int Lost { get; private set; }
    }
}
