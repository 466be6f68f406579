using System.Collections.Immutable;
using System.Net;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Localities;
using Mesh.Core.Snapshots;

namespace Mesh.Xds.Translation;

/// <summary>An endpoint as EDS shows it: no more than what a client is sent, so that two that are equal need no push.</summary>
/// <param name="Id">Its id in the service; not on the wire, but what a load report is led back to.</param>
/// <param name="Address">An IP address in its canonical text.</param>
/// <param name="Port">1 to 65535.</param>
/// <param name="Locality">Where it runs.</param>
/// <param name="Weight">In hundredths of a configured weight, at least 1.</param>
/// <param name="InRotation">False when it is ejected.</param>
/// <param name="Traits">
/// What it has of the labels that the policy's <c>failoverPriority</c> names, one after the other, NUL between them; null when it names none.
/// </param>
/// <param name="Returning">Whether it has to prove itself; false where localities make no difference, because there its weight says all.</param>
public sealed record ServedEndpoint(string Id, string Address, int Port, Locality Locality, uint Weight, bool InRotation, string? Traits = null,
    bool Returning = false)
{
    /// <summary>What grouping needs of it.</summary>
    public PlacedEndpoint Placed => new(Locality, Weight, Traits is null ? [] : [.. Traits.Split('\0')], Use);

    private EndpointUse Use => !InRotation ? EndpointUse.None : Returning ? EndpointUse.Returning : EndpointUse.Full;
}

/// <summary>
/// Which endpoints EDS shows.
/// <list type="bullet">
/// <item>Draining and expired ones are left out: they must get no new request, not even in a panic; clients let the requests under way finish.</item>
/// <item>Ejected ones stay, as UNHEALTHY, for sidecars: Envoy's panic threshold counts them and falls back on them, and our own proxy needs them
/// to let ejections lapse. gRPC would drop them, so it is not sent them.</item>
/// <item>Where an endpoint runs is left out when a service's endpoints run in more than <see cref="MostLocalities"/> places: each is a group of its own, with
/// names of up to 384 characters, and gRPC's clients take no message beyond 4 MB. They would ask for it again and again.</item>
/// <item>Of several with one address and port, which clients refuse, one is shown: one in rotation if there is one, then the first by id.</item>
/// </list>
/// </summary>
public static class ServedEndpoints
{
    /// <summary>Places that one service's endpoints may run in and still be told apart.</summary>
    public const int MostLocalities = 1000;

    /// <summary>The endpoints that are shown, by locality, then in the snapshot's order.</summary>
    public static ImmutableArray<ServedEndpoint> Of(ServiceSnapshot snapshot)
    {
        var byAddress = new Dictionary<(string, int), int>(snapshot.Endpoints.Length);
        var served = new List<ServedEndpoint>(snapshot.Endpoints.Length);
        var setting = snapshot.Policy.LocalityLbSetting;
        foreach (var endpoint in snapshot.Endpoints)
        {
            if (endpoint.Status is HealthStatus.Draining or HealthStatus.Expired)
            {
                continue;
            }

            var shown = new ServedEndpoint(
                endpoint.Id, CanonicalAddress(endpoint.Address), endpoint.Port, endpoint.Locality, (uint)Math.Max(1, endpoint.Weight), endpoint.InRotation,
                setting is { FailoverPriority.IsEmpty: false } ? string.Join('\0', FailoverLabels.Had(setting, endpoint.Locality, endpoint.Labels)) : null,
                Returning: setting is not null && endpoint.Status == HealthStatus.Probing);
            if (byAddress.TryAdd((shown.Address, shown.Port), served.Count))
            {
                served.Add(shown);
            }
            else if (byAddress[(shown.Address, shown.Port)] is var other && shown.InRotation && !served[other].InRotation)
            {
                served[other] = shown;
            }
        }

        if (served.Count > MostLocalities && served.Select(static e => e.Locality).Distinct().Count() > MostLocalities)
        {
            return [.. served.Select(static e => e with { Locality = Locality.Unknown })];
        }

        return [.. served
            .OrderBy(e => e.Locality.Region, StringComparer.Ordinal)
            .ThenBy(e => e.Locality.Zone, StringComparer.Ordinal)
            .ThenBy(e => e.Locality.SubZone, StringComparer.Ordinal)];
    }

    /// <summary>One text for each address: <c>::1</c> for <c>0:0:0:0:0:0:0:1</c>. What is not an IP address stays as it is.</summary>
    public static string CanonicalAddress(string address) => IPAddress.TryParse(address, out var ip) ? ip.ToString() : address;
}
