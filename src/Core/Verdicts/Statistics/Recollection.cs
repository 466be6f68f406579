namespace Mesh.Core.Verdicts.Statistics;

/// <summary>Counts of requests that fade: what lies back counts for less and less.</summary>
/// <param name="Failed">Failures, faded.</param>
/// <param name="Requests">Requests, failures included, faded.</param>
public readonly record struct Recollection(double Failed, double Requests)
{
    /// <summary>What is left when everything fades to a share.</summary>
    public Recollection Faded(double to) => new(Failed * to, Requests * to);

    /// <summary>With more requests.</summary>
    public Recollection With(long succeeded, long failed) => new(Failed + failed, Requests + failed + succeeded);

    /// <summary>All but a part; what rounding leaves below 0 is nothing.</summary>
    public Recollection Without(Recollection part) => new(Math.Max(0, Failed - part.Failed), Math.Max(0, Requests - part.Requests));

    /// <summary>A share of failures that the true one is hardly above: two standard deviations above the measured one, and two failures for what was not seen.</summary>
    public double Upper => Requests > 0 ? Math.Min(1, (Failed + 2 + 2 * Math.Sqrt(Failed + 1)) / Requests) : 1;

    /// <summary>A share of failures that the true one is probably above: a standard deviation below the measured one.</summary>
    public double Lower => Requests > 0 ? Math.Max(0, (Failed - Math.Sqrt(Failed)) / Requests) : 0;

    /// <summary>The measured share of failures; null without requests.</summary>
    public double? Share => Requests > 0 ? Failed / Requests : null;
}
