using System.Collections.Immutable;

namespace Mesh.Proxy.Gateways;

/// <summary>
/// Which gateway is tried next. Each is tried once in a round, the best first and without a wait: that one is gone says nothing of the others. Only when all have failed
/// is there a wait, which grows with the rounds. A stream that held begins a new round, from which its own gateway is left out: it has just sent us away.
/// </summary>
/// <param name="Tried">Names of those that had their turn.</param>
/// <param name="Failures">Rounds in a row in which no stream held.</param>
public sealed record GatewayRound(ImmutableHashSet<string> Tried, int Failures)
{
    /// <summary>
    /// A stream that ends sooner did not hold, though it was answered: gateways that answer and then end each stream would otherwise be visited in circles without a wait.
    /// </summary>
    public static readonly TimeSpan Held = TimeSpan.FromSeconds(2);

    /// <summary>Nothing was tried yet.</summary>
    public static readonly GatewayRound Start = new([], 0);

    /// <summary>The next one; null when all had their turn.</summary>
    /// <param name="ranked">All there are, the best first.</param>
    public Gateway? Next(ImmutableArray<Gateway> ranked) => ranked.FirstOrDefault(gateway => !Tried.Contains(gateway.Name));

    /// <summary>The stream to that gateway ended, or never began.</summary>
    /// <param name="gateway">To which.</param>
    /// <param name="lasted">For how long it served since it first answered; null when it never did.</param>
    public GatewayRound Ended(Gateway gateway, TimeSpan? lasted) =>
        lasted >= Held ? new GatewayRound([gateway.Name], 0) : this with { Tried = Tried.Add(gateway.Name) };

    /// <summary>After the wait, all may be tried again.</summary>
    public GatewayRound Again() => new([], Failures + 1);
}
