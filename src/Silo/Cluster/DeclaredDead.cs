#if CLUSTER
using Orleans.Runtime;

namespace Mesh.Silo.Cluster;

/// <summary>
/// What a silo does that learns that the others went on without it: nothing any more. Its grains live elsewhere by now, so it neither answers nor says goodbye; the
/// process ends, with a code by which a supervisor knows that it should start it again.
/// </summary>
/// <remarks>The runtime's own handler waits two seconds, in which all that is dead would go on answering, and then aborts with a dump of all memory.</remarks>
internal sealed class DeclaredDead(ILogger<DeclaredDead> logger) : IFatalErrorHandler
{
    public bool IsUnexpected(Exception exception) => exception is not ThreadAbortException;

    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        if (exception is null)
        {
            Console.Error.WriteLine("mesh-silo: The cluster declared this silo dead, and it stops at once. Start it again, and it joins anew.");
            Leave(ExitCodes.DeclaredDead);
        }

        logger.LogCritical(exception, "The runtime of the grains cannot go on ({Sender}: {Context}); this process ends", sender?.GetType().Name, context);
        Leave(ExitCodes.Failed);
    }

    /// <summary>Ends the process, without anybody's leave: what would like to be asked first could hang.</summary>
    private static void Leave(int code)
    {
        new Thread(static state => Environment.Exit((int)state!)) { IsBackground = true }.Start(code);
        Thread.Sleep(TimeSpan.FromSeconds(1));
        Environment.FailFast("It did not end by itself.");
    }
}
#endif
