using Mesh.Contracts;
using Mesh.Core;
using Mesh.Simulation.Engine;
using Orleans;

namespace Mesh.Simulation.Cluster.Clients;

/// <summary>
/// Who stands behind one endpoint: registers it, renews its lease, comes back as another process, and now and then an operator who drains, ejects and restores it. One command at a
/// time, each sent until it is answered.
/// </summary>
public sealed class Owner
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(9);

    private readonly ClusterWorld _cluster;
    private readonly Client _client;
    private readonly Dice _dice;
    private readonly bool _leased;
    private int _instance = 1;
    private int _operations;
    private bool _lost;

    public Owner(ClusterWorld cluster, MeshEndpoint endpoint)
    {
        (_cluster, Endpoint) = (cluster, endpoint);
        _client = new Client(cluster, $"owner of {endpoint.Key}");
        _dice = _client.Dice;
        _leased = _dice.Chance(0.7);
    }

    public MeshEndpoint Endpoint { get; }

    /// <summary>It is done with the command that it was at, and everything is as it should be.</summary>
    public bool AtRest { get; private set; }

    /// <summary>Its lease was renewed the last time.</summary>
    public DateTimeOffset Renewed { get; private set; }

    private string Instance => $"{Endpoint.Id}-{_instance}";

    public void Begin()
    {
        _ = _client.Start(Live);
        if (_leased)
        {
            _ = _client.Start(Renew);
        }
    }

    private async Task Live()
    {
        await _client.Wait(_dice.Between(TimeSpan.Zero, TimeSpan.FromSeconds(2)));
        await Do(CommandKind.Register);
        while (_cluster.Commanding)
        {
            await _client.Wait(_dice.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20)));
            await (_lost ? Do(CommandKind.Register) : Anything());
        }

        await Do(CommandKind.Restore);
        while (true)
        {
            AtRest = !_lost;
            await _client.Wait(TimeSpan.FromSeconds(0.5));
            if (_lost)
            {
                await Do(CommandKind.Register);
            }
        }
    }

    private async Task Anything()
    {
        switch (_dice.Next(5))
        {
            case 0:
                await Do(CommandKind.Drain);
                await _client.Wait(_dice.Between(TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(2)));
                await Do(CommandKind.Restore);
                break;
            case 1:
                await Do(CommandKind.Eject);
                break;
            case 2:
                await Do(CommandKind.Deregister);
                _instance++;
                await Do(CommandKind.Register);
                break;
            case 3:
                // The same process, as a client does that registers instead of renewing.
                await Do(CommandKind.Register);
                break;
            default:
                _instance++;
                await Do(CommandKind.Register);
                break;
        }
    }

    private async Task Do(CommandKind kind)
    {
        var command = new MeshCommand(Endpoint, kind, $"{Endpoint.Key}#{++_operations}", Instance);
        _cluster.Commands.Begin(command);
        var outcome = await _client.Ask(command.Operation, (grains, operation) => Send(grains.GetGrain<IServiceGrain>(Endpoint.Service.ToString()), kind, operation));
        _lost = kind == CommandKind.Register ? !outcome.Ok : _lost;
        _cluster.Commands.End(command, outcome);
    }

    private Task<Outcome<EndpointView>> Send(IServiceGrain service, CommandKind kind, string operation) => kind switch
    {
        CommandKind.Register => service.Register(Registration(), operation),
        CommandKind.Deregister => service.Deregister(Endpoint.Id, Instance, operation),
        CommandKind.Drain => service.Drain(Endpoint.Id, operation),
        CommandKind.Eject => service.Eject(Endpoint.Id, TimeSpan.FromSeconds(4), "trying", operation),
        _ => service.Restore(Endpoint.Id, operation),
    };

    private EndpointRegistration Registration() => new()
    {
        Id = Endpoint.Id,
        Address = Endpoint.Backend.Address,
        Port = Endpoint.Backend.Port,
        InstanceId = Instance,
        Lease = _leased ? Lease : null,
    };

    private async Task Renew()
    {
        while (true)
        {
            await _client.Wait(Lease / 3);
            var instance = Instance;
            var answer = await _client.Ask("", (grains, _) => grains.GetGrain<IEndpointGrain>(Endpoint.Key).Renew(instance));
            Renewed = answer.Ok ? _cluster.Simulator.Now : Renewed;
            _lost |= !answer.Ok && answer.Problems[0].Kind == ProblemKind.NotFound && instance == Instance;
        }
    }
}
