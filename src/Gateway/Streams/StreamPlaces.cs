using Grpc.Core;

namespace Mesh.Gateway.Streams;

/// <summary>
/// The places for streams of one kind: so many in all, and so many for one client, so that none can take those of the others. Counting is by what the
/// connection tells (<see cref="Caller.CountedAs"/>), not by the node's id, which a client makes up.
/// </summary>
/// <param name="kind">"ADS" or "LRS".</param>
/// <param name="reason">What a refusal for lack of places is counted as in <c>mesh_streams_closed_total</c>; for one client's, with "client_" before it.</param>
/// <param name="inAll">Places in all.</param>
/// <param name="perClient">Places for one client.</param>
internal sealed class StreamPlaces(string kind, string reason, int inAll, int perClient)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _taken = new(StringComparer.Ordinal);
    private int _open;

    /// <summary>Takes a place.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: there is none.</exception>
    public void Take(Caller caller)
    {
        var client = caller.CountedAs;
        lock (_gate)
        {
            var taken = _taken.GetValueOrDefault(client);
            if (_open < inAll && taken < perClient)
            {
                _open++;
                _taken[client] = taken + 1;
                return;
            }

            if (taken < perClient)
            {
                client = null;
            }
        }

        throw client is null
            ? Peers.Close(reason, StatusCode.ResourceExhausted,
                $"This gateway serves {inAll} {kind} streams at a time (--max-streams), and all are taken: try another gateway, or later, or raise the limit.")
            : Peers.Close($"client_{reason}", StatusCode.ResourceExhausted,
                $"{client} has {perClient} {kind} streams open on this gateway (--max-streams-per-client): close some, use several gateways, or raise the limit.");
    }

    /// <summary>Gives it back.</summary>
    public void Leave(Caller caller)
    {
        lock (_gate)
        {
            _open--;
            if (_taken.TryGetValue(caller.CountedAs, out var taken) && taken > 1)
            {
                _taken[caller.CountedAs] = taken - 1;
            }
            else
            {
                _taken.Remove(caller.CountedAs);
            }
        }
    }
}
