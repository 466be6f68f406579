using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Cluster.Hosts;

/// <summary>
/// What lies between processes and stores: messages are delayed, lost, and do not pass between the groups of a split. A message is for one life of its receiver.
/// None arrives twice and none overtakes another between the same two, as on a connection; what is repeated, somebody repeats.
/// </summary>
public sealed class Wire(Simulator simulator, Dice dice)
{
    private readonly Dictionary<string, int> _groups = new(StringComparer.Ordinal);
    private readonly Dictionary<(string From, string To), DateTimeOffset> _last = [];

    public TimeSpan Least { get; set; } = TimeSpan.FromMilliseconds(0.3);

    public TimeSpan Most { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>The chance that a message is lost.</summary>
    public double Loss { get; set; }

    /// <summary>The chance that a message takes up to 2 s, and all behind it with it.</summary>
    public double Stalls { get; set; }

    /// <summary>Puts somebody into a group; those of different groups hear nothing of each other. All are of group 0 at first.</summary>
    public void Group(string name, int group) => _groups[name] = group;

    public void Join() => _groups.Clear();

    public bool Reaches(string from, string to) => _groups.GetValueOrDefault(from) == _groups.GetValueOrDefault(to);

    /// <summary>Sends something to one life of a process.</summary>
    public void Send(Host from, Host to, Action deliver)
    {
        // What still runs of a process after its end sends nothing.
        if (from.State != HostState.Down)
        {
            Send(from.Name, to, to.Life, deliver);
        }
    }

    /// <summary>The same from a store, or from somebody outside.</summary>
    public void Send(string from, Host to, long life, Action deliver) => Send(from, to.Name, () =>
    {
        if (to.Life == life)
        {
            to.Run(deliver);
        }
    });

    /// <summary>Sends something to a store.</summary>
    public void Send(string from, string to, Action deliver)
    {
        if (from == to)
        {
            simulator.After(TimeSpan.Zero, deliver);
            return;
        }

        if (!Reaches(from, to) || dice.Chance(Loss))
        {
            return;
        }

        var delay = dice.Chance(Stalls) ? dice.Between(Most, TimeSpan.FromSeconds(2)) : dice.Between(Least, Most);
        var at = simulator.Now + delay;
        at = _last.TryGetValue((from, to), out var last) && last > at ? last : at;
        _last[(from, to)] = at;
        simulator.At(at, () =>
        {
            if (Reaches(from, to))
            {
                deliver();
            }
        });
    }

    /// <summary>Asks another process, and waits for the answer.</summary>
    /// <exception cref="TimeoutException">None came; whether it did what was asked is unknown.</exception>
    public Task<T> Ask<T>(Host from, Host to, long life, Func<Task<T>> handle, TimeSpan patience)
    {
        var answer = new TaskCompletionSource<T>();
        var mine = from.Life;
        from.After(patience, () => answer.TrySetException(new TimeoutException($"{to.Name} did not answer {from.Name} in {patience}.")));
        if (from.State == HostState.Down)
        {
            return answer.Task;
        }

        Send(from.Name, to, life, () => _ = to.Start(async () =>
        {
            try
            {
                var result = await handle();
                Send(to.Name, from, mine, () => answer.TrySetResult(result));
            }
            catch (Exception e)
            {
                Send(to.Name, from, mine, () => answer.TrySetException(e));
            }
        }));
        return answer.Task;
    }
}
