using System.Globalization;
using System.Text;

namespace Mesh.Gateway.Telemetry;

/// <summary>Prometheus' text format 0.0.4: names, labels, escaping.</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>An instrument's name as Prometheus wants it: underscores, the unit in words, <c>_total</c> on counters.</summary>
    public static string Name(string instrument, string? unit, bool isCounter)
    {
        var name = Clean(instrument, allowColon: true);
        // Istio's names are looked for by dashboards as they are. Only the _total of a counter is not to be had without promtool's complaint.
        var suffix = name.StartsWith("pilot_", StringComparison.Ordinal) ? null : Unit(unit);
        if (suffix is not null && !name.EndsWith(suffix, StringComparison.Ordinal))
        {
            name = $"{name}_{suffix}";
        }

        if (!isCounter && name.EndsWith("_count", StringComparison.Ordinal))
        {
            // To Prometheus that is a part of a histogram.
            name = string.Concat(name.AsSpan(0, name.Length - "_count".Length), "_current");
        }

        return isCounter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    /// <summary><c>a="b",c="d"</c>, ordered by name; empty when there are none.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags)
        {
            labels[Clean(key, allowColon: false)] = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        }

        return string.Join(',', labels.Select(static label => $"{label.Key}=\"{Escape(label.Value)}\""));
    }

    public static void Header(StringBuilder text, string name, string help, string type) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal))
            .Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    public static void Sample(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    public static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Escape(string value) =>
        value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);

    private static string Clean(string name, bool allowColon)
    {
        var text = new StringBuilder(name.Length);
        foreach (var c in name)
        {
            text.Append(char.IsAsciiLetterOrDigit(c) || c == '_' || (allowColon && c == ':') ? c : '_');
        }

        return text.Length == 0 ? "_" : char.IsAsciiDigit(text[0]) ? "_" + text : text.ToString();
    }

    private static string? Unit(string? unit) => unit switch
    {
        null or "" or "1" => null,
        "s" => "seconds",
        "ms" => "milliseconds",
        "By" => "bytes",
        "%" => "percent",
        ['{', .., '}'] => null,
        _ => Clean(unit, allowColon: false),
    };
}
