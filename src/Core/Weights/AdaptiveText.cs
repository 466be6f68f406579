using System.Collections.Immutable;
using System.Globalization;

namespace Mesh.Core.Weights;

/// <summary>Says why a weight is what it is, by what the endpoint and its peers were seen to do.</summary>
internal static class AdaptiveText
{
    public static ImmutableSortedDictionary<string, AdaptiveEndpoint> Explain(ImmutableSortedDictionary<string, AdaptiveEndpoint> endpoints)
    {
        var (requests, seconds) = (0.0, 0.0);
        foreach (var load in endpoints.Values.Select(endpoint => endpoint.Load))
        {
            requests += load.Requests;
            seconds += load.ResponseSeconds * load.Requests;
        }

        return endpoints.SetItems(endpoints.Select(one =>
        {
            var load = one.Value.Load;
            var others = requests - load.Requests;
            return KeyValuePair.Create(one.Key, one.Value with
            {
                Reason = Reason(one.Value, others > 0 ? Math.Max(0, seconds - load.ResponseSeconds * load.Requests) / others : null),
            });
        }));
    }

    private static string? Reason(AdaptiveEndpoint endpoint, double? peers)
    {
        var load = endpoint.Load;
        if (load.Weight < 1)
        {
            return endpoint.InForce == AdaptiveController.Neutral ? null : $"too few requests to tell, on its way back to 100 %: {endpoint.InForce} %";
        }

        var against = peers is { } mean ? $" against {Duration(mean)} at its peers" : "";
        var failed = load.FailureShare >= 0.001 ? $", {Figure(load.FailureShare * 100)} % failed" : "";
        return $"{Duration(load.ResponseSeconds)}{against}{failed}, {Figure(load.InFlight)} in flight: {endpoint.InForce} %";
    }

    private static string Duration(double seconds) => seconds >= 10 ? $"{Figure(seconds)} s" : $"{Figure(seconds * 1000)} ms";

    /// <summary>Two or three digits that matter.</summary>
    private static string Figure(double figure) => figure.ToString(figure < 10 ? "0.#" : "0", CultureInfo.InvariantCulture);
}
