using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mesh.Demo.Story;

/// <summary>One promise and what came of it.</summary>
/// <param name="Id">For scripts.</param>
/// <param name="What">For people.</param>
/// <param name="Promised">The promise in words.</param>
/// <param name="Measured">What was measured, in words.</param>
/// <param name="Value">What was measured, as a number in <paramref name="Unit"/>; null when it did not happen.</param>
/// <param name="Unit">ms, requests, registrations, policies or MB.</param>
/// <param name="Kept">Whether the promise was kept.</param>
internal sealed record Promise(string Id, string What, string Promised, string Measured, double? Value, string Unit, bool Kept);

/// <summary>The end of the story.</summary>
internal sealed record Verdict(IReadOnlyList<Promise> Promises, IReadOnlyList<Round> Rounds, IReadOnlyList<KillCycle> Kills, string Note)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public bool Kept => Promises.All(promise => promise.Kept);

    public string ToJson() => new JsonObject
    {
        ["kept"] = Kept,
        ["promises"] = new JsonArray([.. Promises.Select(promise => (JsonNode)new JsonObject
        {
            ["id"] = promise.Id,
            ["what"] = promise.What,
            ["promised"] = promise.Promised,
            ["measured"] = promise.Measured,
            ["value"] = promise.Value is { } value ? Math.Round(value, 1) : null,
            ["unit"] = promise.Unit,
            ["kept"] = promise.Kept,
        })]),
        ["rounds"] = new JsonArray([.. Rounds.Select(round => (JsonNode)new JsonObject
        {
            ["backend"] = round.Backend,
            ["outMs"] = Milliseconds(round.Out),
            ["backMs"] = Milliseconds(round.Back),
            ["answers503"] = round.Answers503,
        })]),
        ["kills"] = new JsonArray([.. Kills.Select(kill => (JsonNode)new JsonObject
        {
            ["registrations"] = kill.Registrations,
            ["registrationsLost"] = kill.RegistrationsLost,
            ["policies"] = kill.Policies,
            ["policiesLost"] = kill.PoliciesLost,
            ["requests"] = kill.RequestsWhileAway,
            ["requestsLost"] = kill.RequestsLost,
            ["readyMs"] = Milliseconds(kill.Ready),
            ["slowestWriteMs"] = Milliseconds(kill.SlowestWrite),
            ["writesRefused"] = kill.WritesRefused,
            ["reconnectedMs"] = Milliseconds(kill.Reconnected),
        })]),
        ["note"] = Note,
    }.ToJsonString(Indented);

    /// <summary>A time as a person reads it: 87 ms, 2.4 s.</summary>
    public static string Words(TimeSpan time) => time.TotalSeconds < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s");

    /// <summary>The median; null for nothing. One that did not happen counts as longer than any.</summary>
    public static TimeSpan? Median(IEnumerable<TimeSpan?> times)
    {
        var ordered = times.Select(time => time ?? TimeSpan.MaxValue).Order().ToList();
        if (ordered.Count == 0)
        {
            return null;
        }

        var middle = ordered.Count % 2 == 1 || ordered[ordered.Count / 2] == TimeSpan.MaxValue
            ? ordered[ordered.Count / 2]
            : (ordered[(ordered.Count / 2) - 1] + ordered[ordered.Count / 2]) / 2;
        return middle == TimeSpan.MaxValue ? null : middle;
    }

    private static double? Milliseconds(TimeSpan? time) => time is { } known ? Math.Round(known.TotalMilliseconds, 1) : null;
}
