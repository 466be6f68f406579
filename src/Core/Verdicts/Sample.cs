using System.Collections.Immutable;
using Mesh.Core.Outliers;

namespace Mesh.Core.Verdicts;

/// <summary>One endpoint's requests as a detector counts them: some of so many were bad.</summary>
/// <param name="Window">Where they are from.</param>
/// <param name="Bad">Those that count against it.</param>
/// <param name="Requests">All that are looked at, the bad ones included.</param>
/// <param name="Sources">Who saw the bad ones; empty when nobody knows.</param>
internal sealed record Sample(EndpointWindow Window, long Bad, long Requests, ImmutableArray<EvidenceSource> Sources)
{
    public double Share => (double)Bad / Requests;

    /// <summary>All failures of all requests.</summary>
    public static Sample OfAll(EndpointWindow window) =>
        new(window, window.Failed, Saturating.Add(window.Succeeded, window.Failed), window.Sources);

    /// <summary>Bad answers of all answers, where local-origin failures are split off.</summary>
    public static Sample OfAnswers(EndpointWindow window)
    {
        var bad = window.Failed - window.LocalOriginFailed;
        return new(window, bad, Saturating.Add(window.Succeeded, bad), window.LocalOriginFailed == 0 ? window.Sources : []);
    }

    /// <summary>Requests without an answer of all requests.</summary>
    public static Sample OfLocalOrigin(EndpointWindow window) => new(
        window, window.LocalOriginFailed, Saturating.Add(window.Succeeded, window.Failed),
        window.LocalOriginFailed == window.Failed ? window.Sources : []);

    /// <summary>Those with enough requests to say anything.</summary>
    public static ImmutableArray<Sample> WithVolume(IEnumerable<EndpointWindow> windows, Func<EndpointWindow, Sample> of, int volume) =>
        [.. windows.Select(of).Where(sample => sample.Requests > 0 && sample.Requests >= volume)];
}

/// <summary>All samples of a detector together, so that each one's peers are what it leaves of them.</summary>
internal readonly record struct Pool(long Bad, long Requests)
{
    public static Pool Of(ImmutableArray<Sample> samples) =>
        samples.Aggregate(default(Pool), (pool, sample) => new(Saturating.Add(pool.Bad, sample.Bad), Saturating.Add(pool.Requests, sample.Requests)));

    public Pool Without(Sample sample) => new(Bad - sample.Bad, Requests - sample.Requests);

    public double? Share => Requests > 0 ? (double)Bad / Requests : null;
}
