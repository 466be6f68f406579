using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;

namespace Orleans.Runtime;

/// <summary>A class of grains and how to make one.</summary>
internal sealed class GrainClass
{
    private const string Suffix = "grain";
    private readonly ConstructorInfo _constructor;
    private readonly Func<Activation, object?>[] _arguments;

    internal GrainClass(Type type)
    {
        if (!typeof(IGrainBase).IsAssignableFrom(type))
        {
            throw new OrleansException($"{type} implements a grain interface, and must derive from Grain or implement IGrainBase.");
        }

        Type = type;
        GrainType = GrainType.Create(NameOf(type));
        CountedAs = $"{type.FullName},{type.Assembly.GetName().Name}";
        Reentrant = type.IsDefined(typeof(ReentrantAttribute));
        _constructor = type.GetConstructors().MaxBy(constructor => constructor.GetParameters().Length)
            ?? throw new OrleansException($"{type} has no public constructor.");
        _arguments = [.. _constructor.GetParameters().Select(SourceOf)];
    }

    internal Type Type { get; }

    internal GrainType GrainType { get; }

    /// <summary>The class's name as the metrics of Orleans have it.</summary>
    internal string CountedAs { get; }

    internal bool Reentrant { get; }

    internal object Create(Activation activation) => _constructor.Invoke(
        BindingFlags.DoNotWrapExceptions, null, [.. _arguments.Select(argument => argument(activation))], null);

    private static string NameOf(Type type)
    {
        var name = type.Name.ToLowerInvariant();
        return name.EndsWith(Suffix, StringComparison.Ordinal) && name.Length > Suffix.Length ? name[..^Suffix.Length] : name;
    }

    private static Func<Activation, object?> SourceOf(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        if (parameter.GetCustomAttribute<PersistentStateAttribute>() is { } state)
        {
            if (!type.IsGenericType || type.GetGenericTypeDefinition() != typeof(IPersistentState<>))
            {
                throw new OrleansException($"{parameter.Member.DeclaringType}: '{parameter.Name}' has [PersistentState], so its type must be IPersistentState<...>.");
            }

            var holder = typeof(PersistentState<>).MakeGenericType(type.GetGenericArguments())
                .GetConstructors(BindingFlags.Instance | BindingFlags.NonPublic)[0];
            return activation => holder.Invoke(BindingFlags.DoNotWrapExceptions, null, [activation, state], null);
        }

        return parameter.HasDefaultValue
            ? activation => activation.ActivationServices.GetService(type) ?? parameter.DefaultValue
            : activation => activation.ActivationServices.GetRequiredService(type);
    }
}
