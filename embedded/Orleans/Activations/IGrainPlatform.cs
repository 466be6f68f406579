namespace Orleans.Runtime;

/// <summary>
/// What a runtime stands on: whose thread runs its work, and which way its calls go. Without one it is the thread pool and this process; a simulation puts
/// several runtimes on one queue of events and a modelled network.
/// </summary>
internal interface IGrainPlatform
{
    /// <summary>Where calls of observers run.</summary>
    TaskScheduler Observers { get; }

    /// <summary>Runs an activation's tasks, later.</summary>
    void Execute(IThreadPoolWorkItem work);

    /// <summary>Brings a call to the grain's activation, wherever that is, with <see cref="GrainRuntime.Accept"/>.</summary>
    void Send(GrainRuntime from, GrainId target, Turn turn);

    /// <summary>Brings a call to an observer that lives with another runtime.</summary>
    void Send(GrainRuntime from, GrainRuntime to, Action deliver);

    /// <summary>An activation is gone, or was never completed.</summary>
    void Removed(GrainRuntime from, GrainId grain);
}
