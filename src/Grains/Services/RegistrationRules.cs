using System.Collections.Immutable;
using System.Globalization;
using Mesh.Contracts;
using Mesh.Core;

namespace Mesh.Grains.Services;

/// <summary>What a registration must fulfil, whoever brings it. All complaints come at once.</summary>
internal static class RegistrationRules
{
    private const int MostLabels = 64;
    private const int LongestLabel = 256;
    private const int LongestPlace = 128;
    private static readonly TimeSpan ShortestLease = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLease = TimeSpan.FromDays(1);

    public static ImmutableArray<Problem> Check(EndpointRegistration registration)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        Require(Names.IsEndpointId(registration.Id), "id", registration.Id,
            "An endpoint's id is 1 to 128 characters.", "Use letters, digits and '-', '_', '.', ':'.");
        Require(registration.Address is { } text && EndpointAddress.Canonical(text) is not null, "address", registration.Address,
            "An address is an IPv4 or IPv6 address as text.", "Resolve the host name first: proxyless gRPC takes no names.");
        Require(registration.Port is >= 1 and <= 65535, "port", Text(registration.Port), "A port is 1 to 65535.", "Name the port that it listens on.");
        Require(registration.Weight is >= 1 and <= 1000, "weight", Text(registration.Weight),
            "A weight is 1 to 1000.", "Drain the endpoint if it is to get nothing.");
        Require(registration.Lease is null || (registration.Lease >= ShortestLease && registration.Lease <= LongestLease), "lease",
            registration.Lease?.ToString("c", CultureInfo.InvariantCulture), "A lease is 1 second to 1 day.", "Leave it out for an endpoint that needs no renewal.");
        Require(registration.InstanceId is null or { Length: > 0 and <= LongestLabel }, "instanceId", registration.InstanceId,
            "An instance id is 1 to 256 characters.", "Leave it out, or shorten it.");
        CheckLabels(registration.Labels, Require);
        foreach (var (field, place) in Places(registration))
        {
            Require(place.Length <= LongestPlace, $"locality.{field}", place, "A part of a locality is at most 128 characters.", "Shorten it.");
        }

        return problems.ToImmutable();

        void Require(bool holds, string field, string? value, string detail, string remedy)
        {
            if (!holds)
            {
                problems.Add(new Problem(ProblemKind.Invalid, field, value?.Length > 200 ? value[..200] : value, detail, remedy));
            }
        }
    }

    private static void CheckLabels(ImmutableSortedDictionary<string, string> labels, Action<bool, string, string?, string, string> require)
    {
        require(labels.Count <= MostLabels, "labels", Text(labels.Count), "There are at most 64 labels.", "Leave some out.");
        foreach (var (key, value) in labels.Take(MostLabels))
        {
            require(key.Length is > 0 and <= LongestLabel && value.Length <= LongestLabel, $"labels.{key[..Math.Min(key.Length, 64)]}", value,
                "A label's key is 1 to 256 characters and its value at most 256.", "Shorten it.");
        }
    }

    private static IEnumerable<(string Field, string Place)> Places(EndpointRegistration registration) =>
        [("region", registration.Locality.Region), ("zone", registration.Locality.Zone), ("subZone", registration.Locality.SubZone)];

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
