#if CLUSTER
using System.Diagnostics.CodeAnalysis;
using Orleans.Serialization.Cloning;

namespace Mesh.Silo.Cluster;

/// <summary>
/// Within one silo, arguments and results are handed over as they are: all records of the contracts are immutable, and a snapshot of
/// ten thousand endpoints must not be copied for every reader.
/// </summary>
internal sealed class MeshTypesCopier : IGeneralizedCopier, IOptionalDeepCopier
{
    // Exceptions have a way of their own across silos, which JSON has not.
    public static bool IsOurs(Type type) => type.Namespace?.StartsWith("Mesh.", StringComparison.Ordinal) == true && !type.IsInterface
        && !typeof(Exception).IsAssignableFrom(type);

    public bool IsSupportedType(Type type) => IsOurs(type);

    public bool IsShallowCopyable() => true;

    [return: NotNullIfNotNull(nameof(input))]
    public object? DeepCopy(object? input, CopyContext context) => input;
}
#endif
