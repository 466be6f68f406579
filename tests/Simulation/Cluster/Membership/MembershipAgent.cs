using System.Collections.Immutable;
using Mesh.Simulation.Cluster.Hosts;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Cluster.Membership;

/// <summary>
/// One silo's part in the membership, by Orleans' rules: it enters itself in the table, probes some of the others, votes against those that miss too many probes, tells
/// everybody when it has written, and reads the table now and then. Who finds itself declared dead stops at once. Without the table nothing changes: nobody joins, nobody is
/// declared dead, and the cluster goes on with what it knows.
/// </summary>
public sealed class MembershipAgent(SiloNode me, ClusterWorld cluster, MembershipOptions options)
{
    private readonly Dictionary<string, int> _missed = new(StringComparer.Ordinal);

    /// <summary>What it knows.</summary>
    public TableView View { get; private set; } = TableView.Empty;

    /// <summary>Enters itself and strikes out its earlier lives; tries until it has.</summary>
    public async Task Join()
    {
        while (!await Try(async () => await Enter(MemberStatus.Active)))
        {
            await me.Wait(TimeSpan.FromSeconds(1));
        }

        Tell();
        _ = Probing();
        _ = Refreshing();
    }

    /// <summary>Says that it leaves; false when nobody could be told.</summary>
    public async Task<bool> Leave(MemberStatus status)
    {
        var told = await Try(async () => await Enter(status));
        Tell();
        return told;
    }

    /// <summary>Reads the table, if that answers.</summary>
    public Task<bool> Refresh() => Try(async () =>
    {
        Adopt(await cluster.Table.Read(me));
        return true;
    });

    private async Task<bool> Enter(MemberStatus status)
    {
        var view = await cluster.Table.Read(me);
        var earlier = view.Members.Values.Where(row => row.Name == me.Name && row.Address != me.Address && row.Status != MemberStatus.Dead);
        return await Write(view, [new Member(me.Address, status, []), .. earlier.Select(row => row with { Status = MemberStatus.Dead })]);
    }

    private async Task Probing()
    {
        await me.Wait(options.ProbeTimeout * me.Dice.NextDouble());
        while (true)
        {
            foreach (var other in Watched())
            {
                _ = Probe(other);
            }

            await me.Wait(options.ProbeTimeout);
        }
    }

    private async Task Refreshing()
    {
        while (true)
        {
            await me.Wait(options.TableRefresh * (0.9 + 0.2 * me.Dice.NextDouble()));
            await Refresh();
        }
    }

    /// <summary>The next ones after it, round the circle.</summary>
    private List<string> Watched()
    {
        var others = View.Members.Values.Where(row => row.Status != MemberStatus.Dead && row.Address != me.Address).Select(row => row.Address).ToList();
        var after = others.FindIndex(address => string.CompareOrdinal(address, me.Address) > 0);
        return Enumerable.Range(0, Math.Min(options.Probed, others.Count)).Select(i => others[(Math.Max(after, 0) + i) % others.Count]).ToList();
    }

    private async Task Probe(string other)
    {
        var missed = _missed.GetValueOrDefault(other);
        var witness = missed + 1 == options.MissedProbes ? Witness(other) : null;
        if (await Answers(other, witness) is not { } answers)
        {
            return;
        }

        if (answers)
        {
            _missed.Remove(other);
        }
        else if ((_missed[other] = _missed.GetValueOrDefault(other) + 1) >= options.MissedProbes)
        {
            await Try(async () => await Vote(other, witness));
        }
    }

    /// <summary>Whether a silo answers, to this one or to a witness; null when the witness has nothing to say.</summary>
    private async Task<bool?> Answers(string other, string? witness)
    {
        try
        {
            return await (witness is null
                ? cluster.Ask(me, other, _ => Task.FromResult(true), options.ProbeTimeout)
                : cluster.Ask(me, witness, silo => silo.Agent.Testify(other), 2 * options.ProbeTimeout));
        }
        catch (TimeoutException)
        {
            return witness is null ? false : null;
        }
    }

    private async Task<bool> Testify(string other)
    {
        try
        {
            return await cluster.Ask(me, other, _ => Task.FromResult(true), options.ProbeTimeout);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private string? Witness(string other)
    {
        var others = View.Active.Where(address => address != me.Address && address != other).ToList();
        return others.Count == 0 ? null : me.Dice.OneOf(others);
    }

    private async Task<bool> Vote(string other, string? witness)
    {
        var view = await cluster.Table.Read(me);
        Adopt(view);
        if (me.State == HostState.Down || view.Members.GetValueOrDefault(other) is not { Status: not MemberStatus.Dead } row)
        {
            return true;
        }

        var now = me.Clock.GetUtcNow();
        string[] voters = witness is null ? [me.Address] : [me.Address, witness];
        var votes = row.Votes.RemoveAll(vote => voters.Contains(vote.By) || now - vote.At > options.VoteHolds).AddRange(voters.Select(voter => (voter, now)));
        var dead = votes.Length >= Math.Min(options.Votes, (view.Active.Count + 1) / 2);
        cluster.Journal.Note($"{me.Address} votes against {other}{(dead ? ", which is dead now" : "")}");
        var written = await Write(view, [row with { Votes = votes, Status = dead ? MemberStatus.Dead : row.Status }]);
        if (written && dead)
        {
            Tell();
        }

        return written;
    }

    private async Task<bool> Write(TableView view, ImmutableArray<Member> rows)
    {
        var written = await cluster.Table.Write(me, view.Version, rows);
        Adopt(written ? view.With(rows) : await cluster.Table.Read(me));
        return written;
    }

    /// <summary>Tells all others to read the table.</summary>
    private void Tell()
    {
        foreach (var other in View.Members.Values.Where(row => row.Status != MemberStatus.Dead && row.Address != me.Address))
        {
            cluster.Post(me, other.Address, silo => _ = silo.Start(silo.Agent.Refresh));
        }
    }

    private void Adopt(TableView view)
    {
        if (view.Version <= View.Version)
        {
            return;
        }

        var before = View;
        View = view;
        if (view.IsDead(me.Address) && cluster.Bug != ClusterBug.DeadGoOn)
        {
            cluster.Journal.Note($"{me.Address} reads that it is dead, and stops");
            me.Kill();
            return;
        }

        foreach (var gone in view.Members.Values.Where(row => row.Status == MemberStatus.Dead && !before.IsDead(row.Address)))
        {
            _missed.Remove(gone.Address);
            me.Gone(gone.Address);
        }

        me.Viewed(before, view);
    }

    private static async Task<bool> Try(Func<Task<bool>> act)
    {
        try
        {
            return await act();
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
