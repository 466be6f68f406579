namespace Mesh.Simulation.Cluster.Hosts;

/// <summary>Runs one process's tasks on the simulation's queue, each as an event of its own.</summary>
public sealed class HostScheduler(Host host) : TaskScheduler
{
    public override int MaximumConcurrencyLevel => 1;

    protected override void QueueTask(Task task) => host.Run(() => TryExecuteTask(task));

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
