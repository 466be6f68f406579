namespace Mesh.Simulation.Nodes;

/// <summary>Whoever sends requests, by whatever rules.</summary>
public interface IClient
{
    string Name { get; }

    /// <summary>Endpoints (<c>address:port</c>) that it knows and sends nothing to.</summary>
    IEnumerable<string> TurnedAway { get; }
}
