namespace Mesh.Cli.Output;

/// <summary>The few colours meshctl uses: the terminal's own, so that they fit its theme.</summary>
internal static class Ansi
{
    public static string Paint(string text, Tone tone, bool colour) =>
        colour && tone != Tone.Plain ? $"\e[{Code(tone)}m{text}\e[0m" : text;

    /// <summary>The tone of an endpoint's or a configuration's status.</summary>
    public static Tone OfStatus(string? status) => status switch
    {
        "Healthy" or "Synced" => Tone.Good,
        "Suspect" or "Probing" or "Pending" or "Draining" => Tone.Warning,
        "Ejected" or "Expired" or "Rejected" => Tone.Bad,
        _ => Tone.Plain,
    };

    private static string Code(Tone tone) => tone switch
    {
        Tone.Good => "32",
        Tone.Warning => "33",
        Tone.Bad => "31",
        _ => "2",
    };
}
