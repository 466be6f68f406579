using Mesh.Core;

namespace Mesh.Simulation.Cluster.Clients;

/// <summary>Which commands are under way, and how they ended, as their senders know it.</summary>
public sealed class CommandLog
{
    private readonly Dictionary<string, MeshCommand> _under = new(StringComparer.Ordinal);

    /// <summary>A command is about to be sent.</summary>
    public event Action<MeshCommand>? Began;

    /// <summary>A command was answered; whether with yes.</summary>
    public event Action<MeshCommand, bool>? Ended;

    /// <summary>Commands that were answered with yes.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>What is under way for an endpoint; null when nothing is.</summary>
    public MeshCommand? Under(string endpoint) => _under.GetValueOrDefault(endpoint);

    public void Begin(MeshCommand command)
    {
        _under[command.Endpoint.Key] = command;
        Began?.Invoke(command);
    }

    public void End<T>(MeshCommand command, Outcome<T> outcome)
    {
        Acknowledged += outcome.Ok ? 1 : 0;
        Ended?.Invoke(command, outcome.Ok);
        _under.Remove(command.Endpoint.Key);
    }
}
