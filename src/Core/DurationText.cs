using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Mesh.Core;

/// <summary>
/// Durations as mesh users write them: protobuf's JSON form (<c>10s</c>, <c>0.5s</c>) and Go's (<c>1m30s</c>, <c>500ms</c>), of which the former is
/// a part. A bare number is none: nobody could tell its unit.
/// </summary>
public static class DurationText
{
    private const int LongestText = 64;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    private static readonly (string Unit, decimal Ticks)[] Units =
    [
        ("ns", 0.01m),
        ("us", TimeSpan.TicksPerMicrosecond),
        ("µs", TimeSpan.TicksPerMicrosecond),
        ("ms", TimeSpan.TicksPerMillisecond),
        ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute),
        ("h", TimeSpan.TicksPerHour),
    ];

    /// <summary>Reads a duration; it may be negative. Parts finer than 100 ns are cut off.</summary>
    /// <returns>False when the text is no duration, or is longer than a <see cref="TimeSpan"/> can be.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out TimeSpan duration)
    {
        duration = default;
        if (text is not { Length: > 0 and <= LongestText })
        {
            return false;
        }

        var rest = text.AsSpan();
        var negative = rest[0] == '-';
        rest = negative ? rest[1..] : rest;
        if (rest is "0")
        {
            return true;
        }

        var ticks = 0m;
        do
        {
            if (!TakePart(ref rest, out var part))
            {
                return false;
            }

            ticks += part;
        }
        while (!rest.IsEmpty);

        if (ticks > long.MaxValue)
        {
            return false;
        }

        duration = TimeSpan.FromTicks((long)(negative ? -ticks : ticks));
        return true;
    }

    /// <summary>Writes a duration so that it can be read again: <c>1h30m</c>, <c>10s</c>, <c>1.5s</c>, <c>250ms</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
        {
            return "0s";
        }

        var ticks = Int128.Abs(duration.Ticks);
        var text = new StringBuilder(duration < TimeSpan.Zero ? "-" : "");
        if (ticks < TimeSpan.TicksPerSecond)
        {
            return text.Append(((decimal)ticks / TimeSpan.TicksPerMillisecond).ToString("0.####", CultureInfo.InvariantCulture)).Append("ms").ToString();
        }

        var (hours, afterHours) = Int128.DivRem(ticks, TimeSpan.TicksPerHour);
        var (minutes, afterMinutes) = Int128.DivRem(afterHours, TimeSpan.TicksPerMinute);
        var seconds = (decimal)afterMinutes / TimeSpan.TicksPerSecond;
        return text
            .Append(hours > 0 ? $"{hours}h" : "")
            .Append(minutes > 0 ? $"{minutes}m" : "")
            .Append(seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#######}s") : "")
            .ToString();
    }

    private static bool TakePart(ref ReadOnlySpan<char> rest, out decimal ticks)
    {
        ticks = 0;
        var length = rest.IndexOfAnyExcept(Digits);
        // More digits than these are out of range anyway, and fewer cannot overflow a decimal.
        if (length is < 0 or > 18
            || !decimal.TryParse(rest[..length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        rest = rest[length..];
        var end = rest.IndexOfAny(Digits);
        var unit = end < 0 ? rest : rest[..end];
        foreach (var (name, size) in Units)
        {
            if (unit.SequenceEqual(name))
            {
                ticks = number * size;
                rest = rest[unit.Length..];
                return ticks <= long.MaxValue;
            }
        }

        return false;
    }
}
