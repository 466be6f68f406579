using System.Globalization;

namespace Mesh.Bench;

/// <summary>How long checks took, as <c>/metrics</c> tells it: counts by upper bound, in seconds.</summary>
internal sealed record CheckDurations(SortedDictionary<double, long> UpTo, long Failed)
{
    private const string Name = "mesh_check_duration_seconds";

    public static async Task<CheckDurations> Read(HttpClient rest)
    {
        var (upTo, failed) = (new SortedDictionary<double, long>(), 0L);
        foreach (var line in (await rest.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Split('\n'))
        {
            var passed = line.Contains("result=\"passed\"", StringComparison.Ordinal);
            if (line.StartsWith(Name + "_bucket", StringComparison.Ordinal) && passed)
            {
                var bound = line.Split("le=\"")[1].Split('"')[0];
                upTo[bound == "+Inf" ? double.PositiveInfinity : double.Parse(bound, CultureInfo.InvariantCulture)] = Value(line);
            }
            else if (line.StartsWith(Name + "_count", StringComparison.Ordinal) && !passed)
            {
                failed += Value(line);
            }
        }

        return new(upTo, failed);
    }

    public CheckDurations Since(CheckDurations earlier) => new(
        new(UpTo.ToDictionary(pair => pair.Key, pair => pair.Value - earlier.UpTo.GetValueOrDefault(pair.Key))), Failed - earlier.Failed);

    /// <summary>The bound below which that share lies, in milliseconds.</summary>
    public string Quantile(double share)
    {
        var all = UpTo.Count == 0 ? 0 : UpTo.Values.Last();
        return all == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"<= {1000 * UpTo.First(pair => pair.Value >= share * all).Key:0.###}");
    }

    private static long Value(string line) => long.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture);
}
