using System.Collections.Immutable;
using Mesh.Api;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Snapshots;
using Mesh.Core.Weights;

namespace Mesh.Gateway.Rest.Ledger;

/// <summary>
/// Puts together what is known of why endpoints stand where they do: the snapshot says where, the ledger how they came there.
/// </summary>
internal static class Explanations
{
    private const int MostEjections = 5;
    private const int MostNotes = 5;

    /// <summary>Of a whole service: those endpoints that are not simply healthy or have a history.</summary>
    public static ExplanationView OfService(ServiceId service, ServiceSnapshot? snapshot, LedgerPage ledger, int most)
    {
        var entries = ledger.Entries.ToLookup(static entry => entry.EndpointId, StringComparer.Ordinal);
        var present = snapshot?.Endpoints ?? [];
        var telling = present.Where(endpoint => endpoint.Status != HealthStatus.Healthy || entries.Contains(endpoint.Id)).ToList();
        var gone = entries.Select(static group => group.Key).Except(present.Select(static endpoint => endpoint.Id), StringComparer.Ordinal);
        var all = telling.Select(endpoint => (endpoint.Id, Now: (EndpointSnapshot?)endpoint)).Concat(gone.Select(id => (Id: id, Now: (EndpointSnapshot?)null)))
            .OrderBy(static endpoint => endpoint.Id, StringComparer.Ordinal).ToList();
        return Frame(service, snapshot, ledger) with
        {
            Endpoints = [.. all.Take(most).Select(endpoint => Of(service, endpoint.Id, endpoint.Now, entries[endpoint.Id]))],
            Quiet = present.Length - telling.Count,
            LeftOut = Math.Max(0, all.Count - most),
        };
    }

    /// <summary>Of one endpoint, with what only its own grain knows; null when neither the service nor the ledger knows it.</summary>
    public static ExplanationView? OfEndpoint(ServiceId service, ServiceSnapshot? snapshot, LedgerPage ledger, string endpointId, EndpointView? view)
    {
        var now = snapshot?.Endpoints.FirstOrDefault(endpoint => endpoint.Id == endpointId);
        if (now is null && ledger.Entries.IsEmpty)
        {
            return null;
        }

        view = view is null ? null : view with { Endpoint = view.Endpoint.WeighedAs(now) };
        var told = Of(service, endpointId, view?.Endpoint ?? now, ledger.Entries);
        return Frame(service, snapshot, ledger) with
        {
            Endpoints =
            [
                view is null ? told : told with { Now = Views.Endpoint(view), ConsecutiveFailures = view.ConsecutiveFailures, Check = view.Checks?.Summary },
            ],
        };
    }

    private static ExplanationView Frame(ServiceId service, ServiceSnapshot? snapshot, LedgerPage ledger)
    {
        var tally = Tally.Of(snapshot?.Endpoints.Select(static endpoint => endpoint.Status) ?? []);
        return new()
        {
            Service = service.ToString(),
            Version = snapshot?.Version.ToString(),
            Policy = snapshot?.Policy.Source,
            Budget = new(tally.Hosts, tally.Ejected),
            MaxEjectionPercent = snapshot?.Policy.OutlierDetection.MaxEjectionPercent ?? 0,
            Endpoints = [],
            LedgerSince = ledger.Entries.IsEmpty ? null : ledger.Entries.Min(static entry => entry.At),
        };
    }

    private static EndpointExplanation Of(ServiceId service, string id, EndpointSnapshot? now, IEnumerable<LedgerEntry> entries)
    {
        var known = entries.ToList();
        var stories = EjectionStory.Of(known);
        var told = stories.SelectMany(static story => new[] { story.Ejected, story.Ended, story.Settled }).OfType<LedgerEntry>().ToHashSet();
        return new()
        {
            Id = id,
            Now = now is null ? null : Views.Endpoint(service, now),
            Weight = now is null ? null : Weight(now),
            Ejections =
            [
                .. stories.Take(MostEjections).Select(static story => new EjectionExplanation(
                    LedgerViews.Of(story.Ejected),
                    story.Ended is null ? null : LedgerViews.Of(story.Ended),
                    story.Settled is null ? null : LedgerViews.Of(story.Settled))),
            ],
            Notes = [.. known.Where(entry => !told.Contains(entry)).OrderByDescending(static entry => entry.Number).Take(MostNotes).Select(LedgerViews.Of)],
        };
    }

    private static WeightExplanation Weight(EndpointSnapshot endpoint)
    {
        var factors = ImmutableArray.CreateBuilder<WeightFactor>(2);
        var adaptive = endpoint.AdaptivePercent / 100.0;
        if (endpoint.WeightReason is { } reason)
        {
            var own = endpoint.Weight / (endpoint.ConfiguredWeight * (double)EffectiveWeight.Scale) / (adaptive ?? 1);
            factors.Add(new(endpoint.Status == HealthStatus.Probing ? "probing" : "warm-up", Math.Round(own, 2), reason));
        }

        if (adaptive is { } factor)
        {
            factors.Add(new("adaptive", factor, endpoint.AdaptiveReason ?? "no more and no less than its share"));
        }

        return new(endpoint.ConfiguredWeight, factors.ToImmutable(), endpoint.Weight / (double)EffectiveWeight.Scale);
    }
}
