using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Mesh.Proxy.Gateways;

/// <summary>
/// The gateways there are, in this proxy's order. Names are looked up anew from time to time; a lookup that fails leaves what was known, and nobody waits for one who has
/// somewhere to go.
/// </summary>
/// <param name="proxy">This proxy's id.</param>
/// <param name="addresses">As a person named them.</param>
/// <param name="lookUp">Finds a name's addresses.</param>
public sealed class GatewayList(string proxy, ImmutableArray<Uri> addresses, Func<string, CancellationToken, Task<IPAddress[]>> lookUp)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly Dictionary<Uri, ImmutableArray<Gateway>> _known = [];
    private ImmutableArray<Gateway> _ranked = GatewayOrder.Rank(proxy, addresses.Select(static address => new Gateway(address)));
    private Task<ImmutableArray<Gateway>>? _looking;

    /// <summary>Those that are known, the best first.</summary>
    public ImmutableArray<Gateway> Ranked => _ranked;

    /// <summary>Looks the names up; never throws. One lookup at a time: who comes meanwhile gets its answer.</summary>
    public Task<ImmutableArray<Gateway>> Refresh()
    {
        lock (_known)
        {
            return _looking is { IsCompleted: false } ? _looking : _looking = LookUpAll();
        }
    }

    private async Task<ImmutableArray<Gateway>> LookUpAll()
    {
        var found = await Task.WhenAll(addresses.Select(LookUp));
        return _ranked = GatewayOrder.Rank(proxy, found.SelectMany(static one => one));
    }

    private async Task<ImmutableArray<Gateway>> LookUp(Uri address)
    {
        // "localhost" is this machine, however many addresses it has.
        if (address.HostNameType != UriHostNameType.Dns || address.IsLoopback)
        {
            return [new Gateway(address)];
        }

        ImmutableArray<Gateway> gateways = [];
        try
        {
            using var limit = new CancellationTokenSource(Patience);
            gateways = [.. (await lookUp(address.Host, limit.Token).WaitAsync(limit.Token)).Select(at => new Gateway(address, at))];
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ArgumentException)
        {
        }

        lock (_known)
        {
            if (!gateways.IsEmpty)
            {
                _known[address] = gateways;
            }

            return _known.GetValueOrDefault(address, [new Gateway(address)]);
        }
    }
}
