using System.Runtime.InteropServices;

namespace Mesh.Silo;

/// <summary>
/// Who is told to stop for the second time ends at once, without a word to anybody: a person at a terminal does not want to wait for a drain, and what was
/// acknowledged is on disk. The first signal is the host's own.
/// </summary>
internal sealed class Impatience : IDisposable
{
    private readonly PosixSignalRegistration[] _signals;
    private int _told;

    public Impatience(ILoggerFactory logs) =>
        _signals = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT }.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            if (Interlocked.Increment(ref _told) > 1)
            {
                logs.CreateLogger("Mesh.Silo").LogWarning("Told to stop for the second time: it ends now.");
                Environment.Exit(1);
            }
        }))];

    public void Dispose() => Array.ForEach(_signals, static signal => signal.Dispose());
}
