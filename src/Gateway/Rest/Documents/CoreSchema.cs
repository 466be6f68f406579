using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;

namespace Mesh.Gateway.Rest.Documents;

/// <summary>
/// What a plain (unquoted) YAML scalar means: YAML 1.2's core schema. So <c>yes</c>, <c>on</c> and <c>1:30</c> are text, and <c>010</c> is
/// ten, unlike in YAML 1.1, whose surprises are famous.
/// </summary>
internal static class CoreSchema
{
    /// <summary>The tags that say what is so anyway; others name somebody's classes.</summary>
    public static readonly FrozenSet<string> Tags = FrozenSet.ToFrozenSet(
        ((string[])["str", "int", "float", "bool", "null", "map", "seq"]).Select(static name => $"tag:yaml.org,2002:{name}"), StringComparer.Ordinal);

    /// <summary>Writes it; false when it has no place in JSON (infinity, not a number).</summary>
    public static bool TryWrite(Utf8JsonWriter writer, string plain)
    {
        switch (plain)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                writer.WriteNullValue();
                return true;
            case "true" or "True" or "TRUE":
                writer.WriteBooleanValue(true);
                return true;
            case "false" or "False" or "FALSE":
                writer.WriteBooleanValue(false);
                return true;
        }

        if (!LooksNumeric(plain))
        {
            writer.WriteStringValue(plain);
            return true;
        }

        return TryWriteNumber(writer, plain);
    }

    private static bool LooksNumeric(string plain) =>
        char.IsAsciiDigit(plain[0]) || (plain.Length > 1 && plain[0] is '-' or '+' or '.');

    private static bool TryWriteNumber(Utf8JsonWriter writer, string plain)
    {
        if (plain.TrimStart('-', '+') is ".inf" or ".Inf" or ".INF" or ".nan" or ".NaN" or ".NAN")
        {
            return false;
        }

        if (long.TryParse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) || TryRadix(plain, out whole))
        {
            writer.WriteNumberValue(whole);
        }
        else if (IsFloat(plain) && double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var real))
        {
            if (!double.IsFinite(real))
            {
                return false;
            }

            writer.WriteNumberValue(real);
        }
        else
        {
            writer.WriteStringValue(plain);
        }

        return true;
    }

    private static bool TryRadix(string plain, out long value)
    {
        value = 0;
        if (plain.StartsWith("0x", StringComparison.Ordinal))
        {
            return long.TryParse(plain.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value) && value >= 0;
        }

        if (!plain.StartsWith("0o", StringComparison.Ordinal) || plain.Length is < 3 or > 22)
        {
            return false;
        }

        foreach (var c in plain.AsSpan(2))
        {
            if (c is < '0' or > '7' || value > long.MaxValue >> 3)
            {
                return false;
            }

            value = (value << 3) | (long)(c - '0');
        }

        return true;
    }

    /// <summary>[-+]? ( . [0-9]+ | [0-9]+ ( . [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?; .NET alone would take less and more.</summary>
    private static bool IsFloat(string plain)
    {
        var i = plain[0] is '-' or '+' ? 1 : 0;
        var whole = Digits(plain, ref i);
        var fraction = 0;
        if (i < plain.Length && plain[i] == '.')
        {
            i++;
            fraction = Digits(plain, ref i);
        }

        if (whole + fraction == 0)
        {
            return false;
        }

        if (i < plain.Length && plain[i] is 'e' or 'E')
        {
            i++;
            i += i < plain.Length && plain[i] is '-' or '+' ? 1 : 0;
            if (Digits(plain, ref i) == 0)
            {
                return false;
            }
        }

        return i == plain.Length;
    }

    private static int Digits(string text, ref int i)
    {
        var start = i;
        while (i < text.Length && char.IsAsciiDigit(text[i]))
        {
            i++;
        }

        return i - start;
    }
}
