using Mesh.Contracts;
using Mesh.Contracts.Move;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Grains.Cluster;
using Mesh.Grains.Ledger;
using Mesh.Grains.Persistence;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Utilities;

namespace Mesh.Grains.Services;

/// <summary>
/// One service: the set of its endpoints, the policy and the routing in force, the ejection budget, and the snapshot that everything downstream is made
/// of. It calls its endpoints and the catalog, and nobody calls it from there: what they have to say comes as a one-way hint.
/// </summary>
/// <remarks>
/// <para>It is reentrant, because a registration waits for the disk twice, and thousands arrive at once. What keeps it safe: the row
/// changes only through <see cref="Durable{TRow}"/>, in pure functions; whatever takes several steps on one endpoint takes its turn under
/// that endpoint's id; the budget decides under a turn of its own; and the snapshot is compiled between awaits.</para>
/// <para>The order of a registration: the endpoint's row, the membership, the catalog, the answer. A crash between them leaves an
/// endpoint's row that no service lists (the caller, who was told nothing, registers again) or a service that the catalog does not list
/// (it enters itself when it wakes). The order of a removal is the same, and a member whose endpoint is gone is struck off when it is
/// looked at.</para>
/// <para>Rejected: a grain without reentrancy (each registration would wait for two writes alone, and a report for each of them), and
/// the endpoints' state in the service's own row (one write would cost as much as the whole service is large).</para>
/// </remarks>
[Reentrant]
public sealed partial class ServiceGrain : Grain, IServiceGrain, IPolicyTargetGrain, IServiceMoveGrain
{
    /// <summary>How often at most a service that has nothing looks whether another activation of it has.</summary>
    private static readonly TimeSpan LookForNothing = TimeSpan.FromSeconds(1);

    private const string CatalogTurn = "/catalog";
    private const string BudgetTurn = "/budget";

    private readonly Durable<ServiceRow> _row;
    private readonly Turns _turns = new();
    private readonly Board _board;
    private readonly ObserverManager<IServiceObserver> _watchers;
    private readonly GrainSettings _settings;
    private readonly IChance _chance;
    private readonly TimeProvider _time;
    private readonly ILogger<ServiceGrain> _log;
    private readonly ServiceId _id;
    private readonly SiloBoard _silo;
    private long _seat;
    private long _epoch;
    private bool _awake;
    private bool _publishing;
    private SnapshotVersion _told;
    private DateTimeOffset _sawNothing;

    /// <summary>Made by the runtime.</summary>
    public ServiceGrain(
        [PersistentState("service", MeshLimits.StorageName)] IPersistentState<ServiceRow> storage,
        TimeProvider time,
        IChance chance,
        GrainSettings settings,
        LookBudget looks,
        SiloBoard silo,
        ILogger<ServiceGrain> log)
    {
        _row = new Durable<ServiceRow>(storage, DeactivateOnIdle)
        {
            // Any other activation that has something to say has begun a later epoch first.
            IsOurs = (attempted, found) => _epoch != 0 && found.Epoch == attempted.Epoch,
        };
        _id = ServiceId.Parse(this.GetPrimaryKeyString());
        _board = new Board(_id, time);
        _watchers = new(MeshLimits.ObserverLease, log) { GetDateTime = () => time.GetUtcNow().UtcDateTime };
        _settings = settings;
        _looks = looks;
        _silo = silo;
        _time = time;
        _chance = chance;
        _pen = new LedgerPen(
            _id,
            entries => Ledger.Append(entries),
            entries => _ = _watchers.Notify(watcher => watcher.LedgerEntered(_id, entries)),
            log);
        _lastRequest = time.GetUtcNow();
        _log = log;
    }

    private ServiceRow Row => _row.Value;

    private TrafficPolicy Policy => Row.Policy?.Policy ?? TrafficPolicy.Default;

    private OutlierDetection Outliers => Policy.OutlierDetection;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (Row.Exists)
        {
            // A snapshot with a hole would take good endpoints away: if one of them cannot be asked, there is none yet.
            await Change(row => (row with { Epoch = row.Epoch + 1 }, true));
            ResumeWeights();
            await TakeOver();
            _board.Touch();
        }

        await Upkeep();
        Pace();
        _awake = true;
        // Nobody watches this activation yet: whoever watched the last one finds it on the silo's board.
        Publish();
    }

    /// <inheritdoc/>
    public async Task<ServiceSnapshot?> GetSnapshot()
    {
        if (!Row.Exists && _settings.TakeOver && _time.GetUtcNow() - _sawNothing >= LookForNothing)
        {
            // That there is nothing carries no version by which a replaced activation's word could be told from its successor's.
            _sawNothing = _time.GetUtcNow();
            await _row.Confirm();
        }

        return Row.Exists ? Compile() : null;
    }

    /// <inheritdoc/>
    public Task<ServiceSnapshot?> Watch(IServiceObserver observer)
    {
        _watchers.Subscribe(observer, observer);
        return GetSnapshot();
    }

    /// <inheritdoc/>
    public Task Unwatch(IServiceObserver observer)
    {
        _watchers.Unsubscribe(observer);
        return Task.CompletedTask;
    }

    private IEndpointMemberGrain Endpoint(string endpointId) =>
        GrainFactory.GetGrain<IEndpointMemberGrain>(new EndpointKey(_id, endpointId).ToString());

    private ServiceSnapshot? Compile() => _board.Current(Policy, Row.Routing?.Routing, _epoch, endpoint => _adaptive.Weigh(endpoint, Policy));

    /// <summary>Takes an endpoint's newest view into the snapshot, and lets the watchers know before long.</summary>
    private void Show(string endpointId, EndpointView? view, bool byHand = false)
    {
        if (Note(endpointId, view, byHand: byHand) && _awake)
        {
            _ = PublishSoon();
        }
    }

    /// <summary>Publishes once for all that is ready to run on this grain now, so that a crowd of changes makes one version.</summary>
    private async Task PublishSoon()
    {
        if (_publishing)
        {
            return;
        }

        _publishing = true;
        await Task.Yield();
        _publishing = false;
        Publish();
    }

    private SnapshotVersion Publish()
    {
        var snapshot = Compile();
        if (snapshot is not null && snapshot.Version > _told)
        {
            _told = snapshot.Version;
            _seat = _silo.Publish(_id, _seat, snapshot.Version);
            _ = _watchers.Notify(watcher => watcher.ServiceChanged(_id, snapshot.Version, snapshot.Cause));
        }

        return snapshot?.Version ?? default;
    }

    /// <summary>Changes the row. The first change of an activation, and each until it is on disk, begins a new epoch.</summary>
    private async Task<TResult> Change<TResult>(Func<ServiceRow, (ServiceRow Row, TResult Result)> change)
    {
        var (result, epoch) = await _row.Change(row =>
        {
            var (next, result) = change(row);
            var changed = !ReferenceEquals(next, row);
            next = changed && _epoch == 0 && next.Epoch == row.Epoch ? next with { Epoch = row.Epoch + 1 } : next;
            return (next, (result, changed ? next.Epoch : 0));
        });
        _epoch = Math.Max(_epoch, epoch);
        return result;
    }
}
