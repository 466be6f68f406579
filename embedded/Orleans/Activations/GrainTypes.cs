using System.Collections.Concurrent;
using System.Reflection;

namespace Orleans.Runtime;

/// <summary>
/// Which grain classes there are: those in the application's assemblies, the loaded ones and what the entry assembly leads to. Orleans
/// learns the same from generated code.
/// </summary>
internal sealed class GrainTypes
{
    private readonly Dictionary<GrainType, GrainClass> _classes = [];
    private readonly ILookup<Type, GrainClass> _byInterface;
    private readonly ConcurrentDictionary<(Type Interface, string? Prefix), GrainType> _resolved = new();

    internal GrainTypes()
    {
        foreach (var type in Assemblies().SelectMany(assembly => assembly.GetTypes()).Where(IsGrainClass))
        {
            var grainClass = new GrainClass(type);
            if (!_classes.TryAdd(grainClass.GrainType, grainClass))
            {
                throw new OrleansException(
                    $"{type} and {_classes[grainClass.GrainType].Type} are both the grain type '{grainClass.GrainType}': rename one.");
            }
        }

        _byInterface = _classes.Values
            .SelectMany(grainClass => grainClass.Type.GetInterfaces().Select(face => (Face: face, Class: grainClass)))
            .ToLookup(pair => pair.Face, pair => pair.Class);
    }

    internal GrainClass Class(GrainType type) =>
        _classes.GetValueOrDefault(type) ?? throw new ArgumentException($"Could not find a grain class of type '{type}'.");

    internal GrainType Of(Type grainInterface, string? prefix) => _resolved.GetOrAdd((grainInterface, prefix), Resolve);

    private static bool IsGrainClass(Type type) =>
        type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && typeof(IGrain).IsAssignableFrom(type) && !typeof(GrainReference).IsAssignableFrom(type);

    private static List<Assembly> Assemblies()
    {
        var runtime = typeof(GrainTypes).Assembly.GetName().Name;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var found = new List<Assembly>();
        var next = new Queue<Assembly>(AppDomain.CurrentDomain.GetAssemblies().Where(assembly => !assembly.IsDynamic));
        while (next.TryDequeue(out var assembly))
        {
            if (!seen.Add(assembly.FullName!))
            {
                continue;
            }

            var references = assembly.GetReferencedAssemblies();
            if (!references.Any(reference => reference.Name == runtime))
            {
                if (assembly != Assembly.GetEntryAssembly())
                {
                    continue;
                }
            }
            else
            {
                found.Add(assembly);
            }

            foreach (var reference in references.Where(reference => IsOurs(reference.Name!) && !seen.Contains(reference.FullName)))
            {
                next.Enqueue(Assembly.Load(reference));
            }
        }

        return found;
    }

    private static bool IsOurs(string name) =>
        !name.StartsWith("System", StringComparison.Ordinal) && !name.StartsWith("Microsoft", StringComparison.Ordinal) && name != "netstandard";

    private GrainType Resolve((Type Interface, string? Prefix) wanted)
    {
        var classes = _byInterface[wanted.Interface]
            .Where(grainClass => wanted.Prefix is null || grainClass.Type.FullName!.StartsWith(wanted.Prefix, StringComparison.Ordinal))
            .ToArray();
        return classes switch
        {
            [var only] => only.GrainType,
            [] => throw new ArgumentException($"Could not find an implementation for interface {wanted.Interface}."),
            _ => throw new ArgumentException($"{wanted.Interface} is implemented by {string.Join(" and ", classes.Select(grainClass => grainClass.Type))}: say which by a class name prefix."),
        };
    }
}
