using System.Diagnostics;
using System.Globalization;
using Mesh.Local.Silos;
using Mesh.Local.Stores;

namespace Mesh.Local.Stories;

/// <summary>What goes wrong.</summary>
internal sealed class Events(StoryOptions options, StoryStage stage, Dictionary<string, double> figures)
{
    private static readonly TimeSpan Back = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(2);

    public async Task Happen(string name, CancellationToken cancel)
    {
        for (var time = 0; time < (name == "join" ? 1 : options.Times); time++)
        {
            var victim = stage.Cluster.Members[time % options.Silos];
            Say($"{name} {time + 1} of {options.Times}: {(name is "redis" or "postgres" or "roll" or "load" ? "" : victim.Silo.Name)}");
            await (name switch
            {
                "load" => Task.Delay(TimeSpan.FromSeconds(10), cancel),
                "kill" => Kill(victim, cancel),
                "freeze" => Freeze(victim, cancel),
                "cut" => Cut(time % options.Silos, cancel),
                "part" => Part(time % options.Silos, (time + 1) % options.Silos, cancel),
                "redis" => Restart(stage.Cluster.Stores.Redis!, cancel),
                "postgres" => Restart(stage.Cluster.Stores.Postgres!, cancel),
                "join" => Join(victim, cancel),
                "roll" => Roll(cancel),
                _ => throw new ArgumentException($"There is no story '{name}'."),
            });
            await Task.Delay(Breath, cancel);
        }
    }

    private async Task Kill(Supervisor victim, CancellationToken cancel)
    {
        await stage.Probes.Before(cancel);
        var at = Stopwatch.GetTimestamp();
        victim.Silo.Kill();
        var answered = await stage.Probes.After(at, victim.Silo.Rest, cancel);
        Away.AddRange(answered.Where(each => each.Moved).Select(each => each.Away.TotalSeconds));
        var times = answered.Where(each => each.Moved).Select(each => each.Away.TotalSeconds).Order().ToList();
        Medians.Add(times.Count == 0 ? 0 : times[times.Count / 2]);
        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"  {times.Count} of {answered.Count} grains lived there; they answered after {Medians[^1]:0.00} s in the median, {times.LastOrDefault():0.00} s at worst, {answered.Sum(each => each.Failed)} errors before"));
        Note("grains moved", Away.Count);
        Note("away, median s", Quantile(Away, 0.5));
        Note("away, 90 % s", Quantile(Away, 0.9));
        Note("away, worst s", Quantile(Away, 1));
        await stage.Cluster.Ready(Back, cancel);
    }

    /// <summary>How long each grain that lived where it happened was away, in seconds.</summary>
    private List<double> Away { get; } = [];

    private List<double> Medians { get; } = [];

    private async Task Freeze(Supervisor victim, CancellationToken cancel)
    {
        victim.Silo.Freeze();
        await Task.Delay(TimeSpan.FromSeconds(10), cancel);
        victim.Silo.Thaw();
        await Healed(cancel);
    }

    private async Task Cut(int number, CancellationToken cancel)
    {
        await stage.Cluster.Network!.Cut(number);
        await Task.Delay(TimeSpan.FromSeconds(15), cancel);
        await stage.Cluster.Network.Join(number);
        await Healed(cancel);
    }

    private async Task Part(int one, int other, CancellationToken cancel)
    {
        await stage.Cluster.Network!.Part(one, other);
        await Task.Delay(TimeSpan.FromSeconds(15), cancel);
        await stage.Cluster.Network.Mend(one, other);
        await Healed(cancel);
    }

    private async Task Restart(StoreServer store, CancellationToken cancel)
    {
        store.Kill();
        await Task.Delay(TimeSpan.FromSeconds(5), cancel);
        await store.Start(cancel);
        await Healed(cancel);
    }

    private async Task Join(Supervisor victim, CancellationToken cancel)
    {
        victim.Restarting = false;
        await victim.Silo.Terminate(TimeSpan.FromSeconds(60));
        stage.Cluster.Stores.Postgres!.Kill();
        victim.Restarting = true;
        await Task.Delay(TimeSpan.FromSeconds(10), cancel);
        if (await victim.Silo.IsReady(cancel))
        {
            stage.Problem($"{victim.Silo.Name} says that it is ready, and cannot have joined.");
        }

        await stage.Cluster.Stores.Postgres.Start(cancel);
        await Healed(cancel);
    }

    private async Task Roll(CancellationToken cancel)
    {
        foreach (var member in stage.Cluster.Members)
        {
            var start = Stopwatch.GetTimestamp();
            member.Restarting = false;
            var code = await member.Silo.Terminate(TimeSpan.FromSeconds(60));
            Say(string.Create(CultureInfo.InvariantCulture, $"  {member.Silo.Name} ended with {code} after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s"));
            if (code != 0)
            {
                stage.Problem(member.Silo.Complaint($"ended with {code} when it was asked to drain"));
            }

            member.Restarting = true;
            await stage.Cluster.Ready(Back, cancel);
        }
    }

    private async Task Healed(CancellationToken cancel)
    {
        var start = Stopwatch.GetTimestamp();
        // Whoever finds itself declared dead ends a moment later, and says until then that it is ready.
        await Task.Delay(Breath, cancel);
        await stage.Cluster.Ready(Back, cancel);
        Note("healed, worst s", Math.Max(figures.GetValueOrDefault("healed, worst s"), Stopwatch.GetElapsedTime(start).TotalSeconds));
    }

    private void Say(string text) => options.Said?.Invoke(text);

    private void Note(string name, double value) => figures[name] = Math.Round(value, 3);

    private static double Quantile(List<double> values, double share)
    {
        var ordered = values.Order().ToList();
        return ordered.Count == 0 ? 0 : ordered[Math.Min(ordered.Count - 1, (int)(ordered.Count * share))];
    }
}
