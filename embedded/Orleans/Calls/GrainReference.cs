using System.Reflection;

namespace Orleans.Runtime;

/// <summary>
/// A grain's or an observer's address. Equal when they lead to the same one. What a caller holds is a subclass that implements the
/// interface asked for; it is generated at run time, where Orleans generates it at build time.
/// </summary>
public class GrainReference : DispatchProxy, IAddressable, IEquatable<GrainReference>
{
    private protected GrainReference()
    {
    }

    public GrainId GrainId { get; private set; }

    internal GrainRuntime Runtime { get; private set; } = null!;

    /// <summary>The observer it leads to; null for a grain, whose activation is looked up at each call.</summary>
    internal ObserverTarget? Target { get; private set; }

    public static bool operator ==(GrainReference? reference1, GrainReference? reference2) => Equals(reference1, reference2);

    public static bool operator !=(GrainReference? reference1, GrainReference? reference2) => !Equals(reference1, reference2);

    public bool Equals(GrainReference? other) => other is not null && GrainId.Equals(other.GrainId);

    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    public override int GetHashCode() => GrainId.GetHashCode();

    public sealed override string ToString() => $"GrainReference:{GrainId}";

    internal void Bind(GrainRuntime runtime, GrainId grainId, ObserverTarget? target)
    {
        Runtime = runtime;
        GrainId = grainId;
        Target = target;
    }

    protected sealed override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        GrainMethod.Of(targetMethod!).Call(this, args ?? []);
}

/// <summary>What proxies are generated from.</summary>
internal class GrainProxy : GrainReference
{
    public GrainProxy()
    {
    }
}
