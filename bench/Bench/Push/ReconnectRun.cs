using Mesh.Bench.Push.Client;

namespace Mesh.Bench.Push;

/// <summary>How long clients need after the control plane was killed and started again.</summary>
/// <param name="Streams">How many.</param>
/// <param name="StartedIn">Seconds from the start of the new process until it is ready.</param>
/// <param name="FromFirst">Seconds from the first that was connected again until all were in sync.</param>
/// <param name="FromReady">The same from the readiness of the new process; below 0 when they were earlier.</param>
/// <param name="Resent">Resources that they were sent although they had them.</param>
/// <param name="Bytes">What they received for it in all.</param>
internal sealed record ReconnectResult(int Streams, double StartedIn, double FromFirst, double FromReady, int Resent, long Bytes);

/// <summary>
/// The worst that can happen to a control plane: killed without a word, and all of its clients at the door of the next one at once. They say what they have,
/// so the answer to each is short. They come again without a pause: that of real clients would only hide how many come at once.
/// </summary>
internal static class ReconnectRun
{
    public static async Task<ReconnectResult> Measure(PushSetup setup, Action<string> say)
    {
        using var plane = await Populated.Start(setup, say);
        var streams = setup.Clients(new Nobody());
        foreach (var stream in streams)
        {
            stream.Has = [];
        }

        using var client = new LoadClient(plane.Grpc.Port, streams, setup.Delta, storm: setup.Streams);
        client.Start();
        await Until(() => client.Synced == setup.Streams, client, TimeSpan.FromMinutes(2));
        say($"{setup.Streams} streams are in sync");
        // The last acknowledgements are on their way.
        await Task.Delay(TimeSpan.FromSeconds(1));
        client.Reconnect();
        var before = client.Bytes;
        plane.KillAndStart();
        await plane.UntilReady();
        var ready = DateTime.UtcNow.Ticks;
        await Until(() => client.Reconnected.Last > 0, client, TimeSpan.FromSeconds(60));
        var (first, last) = client.Reconnected;
        // Whatever comes after the first answer counts as well.
        await Task.Delay(TimeSpan.FromSeconds(1));
        return new ReconnectResult(
            setup.Streams, plane.StartedIn.TotalSeconds, Seconds(last - first), Seconds(last - ready), streams.Sum(stream => stream.Resources), client.Bytes - before);
    }

    private static double Seconds(long ticks) => (double)ticks / TimeSpan.TicksPerSecond;

    private static async Task Until(Func<bool> condition, LoadClient client, TimeSpan limit)
    {
        var until = DateTime.UtcNow + limit;
        while (!condition())
        {
            if (client.Failure is { } failure)
            {
                throw new InvalidOperationException($"A client failed: {failure}");
            }

            if (DateTime.UtcNow > until)
            {
                throw new InvalidOperationException($"{client.Synced} clients were in sync after {limit.TotalSeconds:0} s.");
            }

            await Task.Delay(10);
        }
    }
}
