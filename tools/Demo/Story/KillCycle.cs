using System.Diagnostics;
using Mesh.Local.Load;

namespace Mesh.Demo.Story;

/// <summary>What one kill -9 did.</summary>
/// <param name="Registrations">Acknowledged since the kill before.</param>
/// <param name="RegistrationsLost">Of all that were ever acknowledged, those that this kill lost.</param>
/// <param name="Policies">Acknowledged since the kill before.</param>
/// <param name="PoliciesLost">Of all that were ever acknowledged, those that this kill lost.</param>
/// <param name="RequestsWhileAway">Requests that were sent while what was killed was dead or starting.</param>
/// <param name="RequestsLost">Of those, failed.</param>
/// <param name="Ready">From its start to its readiness.</param>
/// <param name="Reconnected">
/// Until the last proxy was connected again: from the readiness of the only control plane, or from the death of a silo; null when not in time.
/// </param>
internal sealed record KillCycle(
    int Registrations, int RegistrationsLost, int Policies, int PoliciesLost, long RequestsWhileAway, int RequestsLost, TimeSpan Ready,
    TimeSpan? Reconnected)
{
    /// <summary>The slowest write that a silo's death fell into, with all the tries that it took; null where nobody was left to write to.</summary>
    public TimeSpan? SlowestWrite { get; init; }

    /// <summary>Writes that were refused, or got no answer for long, while others were there to take them.</summary>
    public int WritesRefused { get; init; }
}

/// <summary>
/// Kills the control plane, or one of its silos, while registrations and policies are being written to it, starts it again, and asks for everything
/// that was acknowledged.
/// </summary>
internal sealed class KillCycles(Cast cast, DemoOptions options)
{
    private const int Writers = 4;
    private static readonly TimeSpan ReconnectLimit = TimeSpan.FromSeconds(20);

    private readonly Writing _writing = new(cast);

    // Only for when to kill; a seed makes runs alike.
    private readonly Random _random = new(20);

    public async Task<KillCycle> Play(int cycle, Action<string, bool> controlPlaneIs, CancellationToken cancel)
    {
        var before = _writing.Acknowledged;
        _writing.Begin();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var writers = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => _writing.Write(cycle, writer, enough.Token)));
        await Task.Delay(_random.Next(250, 750), cancel);
        // Of a silo's death; what was slow before is not to be told of.
        _writing.Take();
        var killed = Stopwatch.GetTimestamp();
        var sentBefore = cast.Tally.Total;
        var victim = cast.ControlPlane.Kill();
        controlPlaneIs(cast.ControlPlane.HasOthers ? $"{victim} killed with -9, {cast.ControlPlane.Who} left" : "killed with -9", false);
        var (ready, reconnected) = cast.ControlPlane.HasOthers ? await OneOfMany(victim) : await TheOnlyOne();
        await enough.CancelAsync();
        await writers;

        // Requests in flight at the end are counted too: the last second belongs to the window.
        await Task.Delay(TimeSpan.FromSeconds(1), cancel);
        var lost = cast.Tally.Losses().Count(request => request.Known >= killed);
        var (slowest, refused) = _writing.Take();
        var written = _writing.Acknowledged;
        var missing = await _writing.Missing(cancel);
        return new KillCycle(
            written.Registrations - before.Registrations, missing.Registrations, written.Policies - before.Policies, missing.Policies,
            cast.Tally.Total - sentBefore, lost, ready, reconnected)
        {
            SlowestWrite = cast.ControlPlane.HasOthers ? slowest : null,
            WritesRefused = cast.ControlPlane.HasOthers ? refused : 0,
        };

        async Task<(TimeSpan, TimeSpan?)> TheOnlyOne()
        {
            await writers;
            await Task.Delay(Pause, cancel);
            controlPlaneIs("starting again", false);
            var ready = await cast.ControlPlane.Start(cancel);
            controlPlaneIs("ready", true);
            return (ready, await Reconnect(Stopwatch.GetTimestamp(), cancel));
        }

        async Task<(TimeSpan, TimeSpan?)> OneOfMany(string victim)
        {
            var reconnected = await Reconnect(killed, cancel);
            // Long enough for the others to find out and to take over, so that the slowest write is seen whole.
            await Task.Delay(Pause + TimeSpan.FromSeconds(3), cancel);
            controlPlaneIs($"{victim} starting again", false);
            var ready = await cast.ControlPlane.Start(cancel);
            controlPlaneIs("all ready", true);
            return (ready, reconnected);
        }
    }

    private TimeSpan Pause => options.Kills > 1 ? TimeSpan.FromMilliseconds(300) : options.Away;

    private async Task<TimeSpan?> Reconnect(long since, CancellationToken cancel)
    {
        while (Stopwatch.GetElapsedTime(since) < ReconnectLimit)
        {
            var connected = (await cast.ControlPlane.Proxies(cancel)).Select(proxy => proxy.Node).ToHashSet(StringComparer.Ordinal);
            if (cast.Proxies.All(proxy => connected.Contains(proxy.Id)))
            {
                return Stopwatch.GetElapsedTime(since);
            }

            await Task.Delay(50, cancel);
        }

        return null;
    }
}
