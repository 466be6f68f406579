using System.Globalization;

namespace Mesh.Simulation.Queues;

/// <summary>Prints what the policies did, for people.</summary>
public static class QueueTable
{
    /// <summary>The sweep as a table, and one trajectory of weights.</summary>
    public static void Print(TextWriter output, int seed, IReadOnlyList<QueueRow> rows)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            Eight backends, 4 workers each, 10 ms a request (lognormal, sigma 0.6), 64 places in each queue; from second 20 one is three times
            slower and one has two workers: together {QueueExperiment.Capacity:0} requests a second. Round robin overloads the slow one from 39 % on, and the
            halved one from 59 %. Measured from second 32 to 80; seed {seed}. 'settled': seconds from the change until the weights of these two stay
            within {Settling.Band:0} % of an equal share of where they end; 'swings': how often any weight turns round by more than that.

            """));
        foreach (var group in rows.GroupBy(row => (row.Proxies, row.Load)))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{group.Key.Proxies} proxies, {group.Key.Load:0 %} = {group.Key.Load * QueueExperiment.Capacity:0} requests a second"));
            output.WriteLine($"  {"",-24} {"p50 ms",8} {"p99 ms",8} {"mean ms",8} {"errors %",9} {"settled s",10} {"swings",7} {"pushes",7}   weights at the end, %");
            foreach (var row in group)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"  {Name(row.Balancing),-24} {row.P50,8:0.0} {row.P99,8:0.0} {row.Mean,8:0.0} {row.ErrorPercent,9:0.00} {Of(row.Settling)}{(row.Settling is null ? "" : $" {row.Pushes,7}   {Weights(row.Settling)}")}"));
            }

            output.WriteLine();
        }
    }

    /// <summary>The weights of a run, second by second around the change.</summary>
    public static void PrintTrajectory(TextWriter output, QueueRow row)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Name(row.Balancing)}, {row.Proxies} proxies, {row.Load:0 %}: weights in percent by second after the change, and the mean response time"));
        foreach (var second in (int[])[-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 40, 50])
        {
            var at = (int)QueueExperiment.ChangeAt + second;
            var factors = row.Series.Factors[at - 1];
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {second,4} s  {string.Join(' ', factors.Select(factor => factor.ToString("0", CultureInfo.InvariantCulture).PadLeft(4)))}   {row.Series.MeanMilliseconds[at],6:0.0} ms"));
        }
    }

    /// <summary>A policy's name for people.</summary>
    public static string Name(Balancing balancing) => balancing switch
    {
        Balancing.RoundRobin => "round robin",
        Balancing.LeastRequest => "least request",
        Balancing.AdaptiveRoundRobin => "adaptive round robin",
        _ => "adaptive least request",
    };

    private static string Of(Settling? settling) =>
        settling is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{settling.Seconds,10:0} {settling.Swings,7}");

    private static string Weights(Settling settling) =>
        string.Join(' ', settling.Final.Select(factor => factor.ToString("0", CultureInfo.InvariantCulture)));
}
