using System.Net.Http.Json;
using Mesh.Bench.Push.Client;

namespace Mesh.Bench.Push;

/// <summary>
/// One run: a control plane of its own, its services, the streams; then a change at each beat, whether or not the one before has arrived everywhere.
/// </summary>
internal sealed class PushRun(PushSetup setup, Action<string> say) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Arrivals _arrivals = new(setup.Services, setup.Endpoints, setup.Streams);
    private readonly List<Change> _unread = [];
    private ControlPlane? _plane;
    private int _made;

    public static async Task<PushResult> Measure(PushSetup setup, Action<string> say)
    {
        using var run = new PushRun(setup, say);
        return await run.Measure();
    }

    public void Dispose() => _plane?.Dispose();

    private async Task<PushResult> Measure()
    {
        var plane = _plane = await Populated.Start(setup, say);
        var before = plane.ResidentMegabytes;
        using var client = new LoadClient(plane.Grpc.Port, setup.Clients(_arrivals), setup.Delta, storm: 100);
        client.Start();
        await Until(() => client.Synced == setup.Streams, client, () => $"{client.Synced} of {setup.Streams} streams got all that they asked for");
        say($"{setup.Streams} streams are in sync with process {plane.ProcessId}");

        var warm = new List<Change>();
        var warming = await Window(client, () => Make(setup.WarmUp, warm, client));
        say($"{setup.WarmUp} changes to warm up");
        // Until what the runtime compiles for them in the background is compiled.
        await Task.Delay(TimeSpan.FromSeconds(1));
        var changes = new List<Change>();
        var measured = await Window(client, () => Make(setup.Changes, changes, client));
        var megabytes = plane.ResidentMegabytes;
        await Accepted(_unread);
        // Afterwards, when nothing is left to be compiled; and without what the last of the changes leave to be done.
        await Task.Delay(TimeSpan.FromSeconds(1));
        var idle = await Window(client, () => Task.Delay(setup.Idle));
        var deliveries = changes.Sum(change => change.Arrived);
        var latencies = Latencies(changes, static change => change.AcceptedAt).Order().ToArray();
        var idling = idle.Cpu.TotalSeconds / idle.Took.TotalSeconds;
        return new PushResult
        {
            Setup = setup,
            Deliveries = deliveries,
            Missing = changes.Sum(change => setup.Wanting(change.Service) - change.Arrived),
            FromAcceptance = Spread.Of(latencies),
            FromRequest = Spread.Of(Latencies(changes, static change => change.SentAt)),
            ToLast = Spread.Of(changes.Select(static change => Milliseconds(change.Last - change.AcceptedAt))),
            Percentiles = [.. Enumerable.Range(0, 101).Select(percent => latencies.Length == 0 ? double.NaN : latencies[(int)((latencies.Length - 1L) * percent / 100)])],
            WarmUp = Spread.Of(Latencies(warm, static change => change.AcceptedAt)),
            CpuEach = Microseconds(measured.Cpu, deliveries),
            KernelCpuEach = Microseconds(measured.Kernel, deliveries),
            CpuEachAboveIdle = Microseconds(measured.Cpu - (idling * measured.Took), deliveries),
            WarmUpCpuEach = Microseconds(warming.Cpu, warm.Sum(change => change.Arrived)),
            IdlePercent = 100 * idling,
            Megabytes = megabytes,
            MegabytesBefore = before,
            BytesEach = (double)measured.Bytes / Math.Max(1, deliveries),
            ClientCpuEach = Microseconds(measured.Own, deliveries),
        };
    }

    private static IEnumerable<double> Latencies(IEnumerable<Change> changes, Func<Change, long> from) =>
        changes.SelectMany(change => change.At.Where(static at => at > 0).Select(at => Milliseconds(at - from(change))));

    private static double Milliseconds(long ticks) => (double)ticks / TimeSpan.TicksPerMillisecond;

    private static double Microseconds(TimeSpan cpu, int count) => cpu.TotalMicroseconds / Math.Max(1, count);

    private async Task<(TimeSpan Took, TimeSpan Cpu, TimeSpan Kernel, TimeSpan Own, long Bytes)> Window(LoadClient client, Func<Task> during)
    {
        var (at, cpu, kernel, own, bytes) = (DateTime.UtcNow, _plane!.Cpu, _plane.KernelCpu, Environment.CpuUsage.TotalTime, client.Bytes);
        await during();
        return (DateTime.UtcNow - at, _plane.Cpu - cpu, _plane.KernelCpu - kernel, Environment.CpuUsage.TotalTime - own, client.Bytes - bytes);
    }

    /// <summary>Makes changes at the beat, and waits for the last to arrive.</summary>
    private async Task Make(int count, List<Change> made, LoadClient client)
    {
        var start = DateTime.UtcNow;
        for (var i = 0; i < count; i++)
        {
            var wait = start + (i * setup.Every) - DateTime.UtcNow;
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait);
            }

            made.Add(await Make());
            if (client.Failure is { } failure)
            {
                throw new InvalidOperationException($"A client failed: {failure}");
            }
        }

        var rest = start + (count * setup.Every) - DateTime.UtcNow;
        await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero);
        var limit = DateTime.UtcNow + Patience;
        while (!made.TrueForAll(static change => change.Complete) && DateTime.UtcNow < limit)
        {
            await Task.Delay(10);
        }
    }

    private async Task<Change> Make()
    {
        var (number, service) = (_made, _made % setup.Changing);
        _made++;
        if (_unread.Find(change => change.Service == service) is { } earlier)
        {
            // Its snapshot is about to be replaced.
            await Accepted([earlier]);
        }

        var change = _arrivals.Begin(number, service, setup.Wanting(service));
        await _plane!.Put($"bench-{service}", service * setup.Endpoints, Arrivals.WeightOf(number));
        change.AnsweredAt = DateTime.UtcNow.Ticks;
        _unread.Add(change);
        return change;
    }

    /// <summary>Asks when the snapshots with these changes were made; not before it has to, to keep the asking out of what is measured.</summary>
    private async Task Accepted(IEnumerable<Change> changes)
    {
        foreach (var change in changes.ToList())
        {
            var detail = await _plane!.Rest.GetFromJsonAsync<Changed>($"/v1/services/default/bench-{change.Service}");
            change.AcceptedAt = detail!.ChangedAt.UtcTicks;
            _unread.Remove(change);
        }
    }

    private static async Task Until(Func<bool> condition, LoadClient client, Func<string> now)
    {
        var limit = DateTime.UtcNow + TimeSpan.FromMinutes(3);
        while (!condition())
        {
            if (client.Failure is { } failure || DateTime.UtcNow > limit)
            {
                throw new InvalidOperationException($"{now()}: {client.Failure ?? "no more within 3 minutes"}");
            }

            await Task.Delay(20);
        }
    }

    private sealed record Changed(DateTimeOffset ChangedAt);
}
