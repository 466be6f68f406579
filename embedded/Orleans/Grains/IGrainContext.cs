namespace Orleans.Runtime;

/// <summary>One activation, as the runtime and storage see it.</summary>
public interface IGrainContext : IEquatable<IGrainContext>
{
    GrainReference GrainReference { get; }

    GrainId GrainId { get; }

    object? GrainInstance { get; }

    IServiceProvider ActivationServices { get; }

    /// <summary>Completes when it is gone.</summary>
    Task Deactivated { get; }

    /// <summary>Starts to take it down: calls that run are waited for, calls that wait go to the next activation.</summary>
    void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);
}

/// <summary>Which activation the current thread works for.</summary>
internal static class RuntimeContext
{
    [ThreadStatic]
    private static Activation? _current;

    internal static Activation? Current
    {
        get => _current;
        set => _current = value;
    }
}
