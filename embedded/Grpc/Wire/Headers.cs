using System.Globalization;
using System.Text;
using Grpc.Core;

namespace Grpc.Internal;

/// <summary>The names and encodings of gRPC's headers and trailers.</summary>
internal static class Headers
{
    public const string ContentType = "application/grpc";
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Timeout = "grpc-timeout";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";
    public const string Encodings = "identity,gzip";

    /// <summary>Accepts "application/grpc", alone or followed by "+format" or ";parameters".</summary>
    public static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';');

    /// <summary>Headers of the protocol itself, which are not shown as metadata.</summary>
    public static bool IsProtocol(string name) => name.StartsWith(':') || name.ToLowerInvariant() is
        Status or Message or Timeout or Encoding or AcceptEncoding or "content-type" or "content-encoding" or "te" or "host";

    /// <summary>Adds one received header; names that are no metadata keys are passed over.</summary>
    public static void AddTo(Metadata metadata, string name, string value)
    {
        if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
        {
            return;
        }
        if (!Metadata.Entry.IsBinaryKey(name))
        {
            metadata.Add(name, value);
            return;
        }
        foreach (var part in value.Split(',', StringSplitOptions.TrimEntries))
        {
            metadata.Add(name, FromBase64(name, part));
        }
    }

    /// <summary>UTF-8, with what is not printable ASCII, and '%', as %XX.</summary>
    public static string EncodeMessage(string text)
    {
        if (text.All(c => c is >= ' ' and <= '~' and not '%'))
        {
            return text;
        }
        var encoded = new StringBuilder();
        foreach (var b in System.Text.Encoding.UTF8.GetBytes(text))
        {
            _ = b is >= 0x20 and <= 0x7E and not (byte)'%'
                ? encoded.Append((char)b)
                : encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }
        return encoded.ToString();
    }

    public static string DecodeMessage(string? text) => string.IsNullOrEmpty(text) ? "" : Uri.UnescapeDataString(text);

    /// <summary>At most eight digits and a unit; rounded up, as a deadline that is a little late does no harm.</summary>
    public static string EncodeTimeout(TimeSpan left)
    {
        var milliseconds = Math.Max(1, Math.Ceiling(left.TotalMilliseconds));
        return milliseconds < 100_000_000
            ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds:F0}m")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(99_999_999, Math.Ceiling(milliseconds / 1000)):F0}S");
    }

    /// <summary>Null when there is none or it makes no sense; the call then has no deadline.</summary>
    public static TimeSpan? DecodeTimeout(string? header)
    {
        if (header is null || header.Length is < 2 or > 9
            || !long.TryParse(header.AsSpan(0, header.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return null;
        }
        return header[^1] switch
        {
            'H' => TimeSpan.FromHours(Math.Min(value, 1_000_000)),
            'M' => TimeSpan.FromMinutes(value),
            'S' => TimeSpan.FromSeconds(value),
            'm' => TimeSpan.FromMilliseconds(value),
            'u' => TimeSpan.FromMicroseconds(value),
            'n' => TimeSpan.FromTicks(value / TimeSpan.NanosecondsPerTick),
            _ => null,
        };
    }

    private static byte[] FromBase64(string name, string text)
    {
        try
        {
            return Convert.FromBase64String(text.Length % 4 == 0 ? text : text + new string('=', 4 - text.Length % 4));
        }
        catch (FormatException error)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"The header '{name}' is not base64.", error));
        }
    }
}
