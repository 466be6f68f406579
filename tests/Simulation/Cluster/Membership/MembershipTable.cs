using System.Collections.Immutable;
using Mesh.Simulation.Cluster.Hosts;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Cluster.Membership;

/// <summary>How the cluster sees a silo.</summary>
public enum MemberStatus
{
    /// <summary>It takes part.</summary>
    Active,

    /// <summary>It leaves in good order: it gets nothing new.</summary>
    ShuttingDown,

    /// <summary>It is gone, or was declared dead and has to go.</summary>
    Dead,
}

/// <summary>One silo's row.</summary>
/// <param name="Address">One life of a silo.</param>
/// <param name="Status">How it is.</param>
/// <param name="Votes">Who could not reach it, and when.</param>
public sealed record Member(string Address, MemberStatus Status, ImmutableArray<(string By, DateTimeOffset At)> Votes)
{
    /// <summary>The silo's name, which is used again.</summary>
    public string Name => Address[..Address.IndexOf('@', StringComparison.Ordinal)];
}

/// <summary>The table as of one version.</summary>
public sealed record TableView(long Version, ImmutableSortedDictionary<string, Member> Members)
{
    public static TableView Empty { get; } = new(0, ImmutableSortedDictionary<string, Member>.Empty.WithComparers(StringComparer.Ordinal));

    /// <summary>Who takes part, in order.</summary>
    public IReadOnlyList<string> Active { get; } = [.. Members.Values.Where(member => member.Status == MemberStatus.Active).Select(member => member.Address)];

    public bool IsDead(string address) => Members.GetValueOrDefault(address)?.Status == MemberStatus.Dead;

    public TableView With(params IEnumerable<Member> rows) => new(Version + 1, Members.SetItems(rows.Select(row => KeyValuePair.Create(row.Address, row))));
}

/// <summary>The table in PostgreSQL: read as a whole, written one version after the other, and sometimes away.</summary>
public sealed class MembershipTable(Simulator simulator, Wire wire)
{
    /// <summary>Its name on the wire.</summary>
    public const string Name = "postgres";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public TableView Current { get; private set; } = TableView.Empty;

    /// <summary>It answers nobody.</summary>
    public bool Away { get; set; }

    /// <summary>A silo was declared dead, or said that it went.</summary>
    public event Action? Died;

    /// <summary>Reads all of it.</summary>
    /// <exception cref="TimeoutException">It does not answer.</exception>
    public Task<TableView> Read(Host from) => Ask(from, () => Current);

    /// <summary>Writes rows on top of a version; false when it has another by now.</summary>
    /// <exception cref="TimeoutException">It did not answer, and may have written.</exception>
    public Task<bool> Write(Host from, long version, params IEnumerable<Member> rows) => Ask(from, () =>
    {
        if (version != Current.Version)
        {
            return false;
        }

        Current = Current.With(rows);
        if (rows.Any(row => row.Status == MemberStatus.Dead))
        {
            Died?.Invoke();
        }

        return true;
    });

    private Task<T> Ask<T>(Host from, Func<T> act)
    {
        var answer = new TaskCompletionSource<T>();
        var life = from.Life;
        from.After(Patience, () => answer.TrySetException(new TimeoutException("The membership table does not answer.")));
        if (from.State == HostState.Down)
        {
            return answer.Task;
        }

        wire.Send(from.Name, Name, () =>
        {
            if (!Away)
            {
                var result = act();
                simulator.After(TimeSpan.FromMilliseconds(1), () => wire.Send(Name, from, life, () => answer.TrySetResult(result)));
            }
        });
        return answer.Task;
    }
}
