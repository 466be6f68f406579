using System.Collections.Immutable;
using Mesh.Api;
using Mesh.Contracts;
using Orleans;

namespace Mesh.Gateway.Rest.Status;

/// <summary>
/// Gathers the status: the members from whichever silo answers, each silo from itself, the gateways from their roster, the stores from what the processes found. Everything
/// is asked at the same time and waited for once, so a silo that hangs costs two seconds and not the answer.
/// </summary>
internal sealed class StatusReader(IGrainFactory grains, GatewayAnnouncer announcer, Readiness readiness, MeshIdentity identity, TimeProvider time)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    public async Task<StatusView> Read()
    {
        var missing = new List<string>();
        var roster = Ask(() => grains.GetGrain<IGatewayRosterGrain>(0).List());
        var ready = Ask(readiness.Ask);
        var members = await Ask(() => grains.GetGrain<IClusterGrain>(0).Members());
        if (members.IsDefault)
        {
            missing.Add("the list of silos");
        }

        var silos = await Task.WhenAll((members.IsDefault ? [] : members).Select(Describe));
        missing.AddRange(silos.Where(static silo => silo.State == StatusFindings.NoAnswer).Select(static silo => $"silo {silo.Name}"));
        await ready;
        var heard = await roster;
        if (heard.IsDefault)
        {
            missing.Add("the other gateways, which are shown as they were last heard of");
            var (others, ago) = announcer.Heard;
            heard = [.. others.Select(other => other with { Ago = other.Ago + ago })];
        }

        var me = announcer.Me();
        ImmutableArray<GatewayHeard> gateways = [.. heard.Where(other => other.Gateway.Id != me.Id).Append(new(me, TimeSpan.Zero))
            .OrderBy(static other => other.Gateway.Name, StringComparer.Ordinal).ThenBy(static other => other.Gateway.Rest, StringComparer.Ordinal)];
        var dead = silos.Where(static silo => silo.State == nameof(SiloState.Dead)).Select(static silo => silo.Address).ToHashSet(StringComparer.Ordinal);
        ImmutableArray<GatewayStatusView> shown = [.. gateways.Select(one => View(one, one.Gateway.Silo is { } silo && dead.Contains(silo)))];
        ImmutableArray<StoreStatusView> stores = [.. Stores(gateways)];
        var findings = StatusFindings.Of(silos, shown, stores, missing);
        return new(
            !findings.Any(static finding => finding.Wrong),
            StatusFindings.Headline(findings, silos, shown),
            findings, identity.Cluster, identity.Edition, identity.Product, time.GetUtcNow(), silos, shown,
            shown.Where(static gateway => !gateway.Stale).Sum(static gateway => gateway.AdsStreams),
            shown.Where(static gateway => !gateway.Stale).Sum(static gateway => gateway.LrsStreams), stores, missing);
    }

    private async Task<SiloStatusView> Describe(SiloMember member)
    {
        var row = new SiloStatusView(member.Name, member.Address, member.State.ToString(), member.Started);
        if (!member.HoldsGrains)
        {
            return row;
        }

        var view = await Ask(() => grains.GetGrain<ISiloGrain>(member.Address).Describe());
        return view is null ? row with { State = StatusFindings.NoAnswer } : row with
        {
            State = view.State == SiloState.Draining ? nameof(SiloState.Draining) : row.State,
            Version = view.Version,
            ResidentBytes = view.Figures.ResidentBytes,
            HeapBytes = view.Figures.HeapBytes,
            ProcessorsUsed = view.Figures.ProcessorsUsed,
            Grains = view.Grains,
        };
    }

    private async Task<T?> Ask<T>(Func<Task<T>> call)
    {
        try
        {
            return await call().WaitAsync(AnswerWithin, time);
        }
        catch (Exception)
        {
            // What did not answer is named in the answer; why, its own log says.
            return default;
        }
    }

    /// <summary>A gateway that was in a silo that is dead is so too, however lately it was heard of.</summary>
    private static GatewayStatusView View(GatewayHeard heard, bool dead)
    {
        var gateway = heard.Gateway;
        return new(
            gateway.Name, gateway.Silo, gateway.Rest, gateway.Grpc, gateway.Version, gateway.Started, gateway.Ready, gateway.Complaints,
            gateway.Services, gateway.AdsStreams, gateway.LrsStreams, Math.Round(Math.Max(0, heard.Ago.TotalSeconds), 1), dead || heard.Ago > MeshLimits.GatewayAnnounces * 3);
    }

    /// <summary>One row for each store, however many look at it: down if one finds it down, since the first that does.</summary>
    private static IEnumerable<StoreStatusView> Stores(IEnumerable<GatewayHeard> gateways) =>
        from heard in gateways
        where heard.Ago <= MeshLimits.GatewayAnnounces * 3
        from report in heard.Gateway.Stores
        group (heard.Gateway.Name, Report: report) by (report.Name, report.Role) into store
        orderby store.Key.Name
        let down = store.Where(static one => !one.Report.Healthy).ToList()
        let worst = (down.Count > 0 ? down : store.ToList()).MinBy(static one => one.Report.Since).Report
        select new StoreStatusView(
            store.Key.Name, store.Key.Role.ToString(), down.Count == 0, worst.Since, worst.Detail,
            store.Select(static one => one.Report.Warning).FirstOrDefault(static warning => warning is not null),
            store.Select(static one => one.Report.Schema).FirstOrDefault(static schema => schema is not null),
            [.. down.Select(static one => one.Name).Distinct().Order(StringComparer.Ordinal)], store.Count());
}
