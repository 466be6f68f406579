namespace Mesh.Core;

/// <summary>The naming rules: what a namespace, a service and an endpoint may be called.</summary>
public static class Names
{
    /// <summary>A DNS label (RFC 1123): 1 to 63 of a-z, 0-9 and '-', with a letter or digit at both ends.</summary>
    public static bool IsLabel(string? text) => text is { Length: > 0 and <= 63 } && IsLabel(text.AsSpan());

    /// <summary>A DNS subdomain: labels joined by dots, at most 253 characters.</summary>
    public static bool IsSubdomain(string? text)
    {
        if (text is not { Length: <= 253 })
        {
            return false;
        }

        foreach (var part in text.AsSpan().Split('.'))
        {
            var label = text.AsSpan()[part];
            if (label.Length is 0 or > 63 || !IsLabel(label))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>An endpoint's id: 1 to 128 of letters, digits and <c>- _ . :</c>, so that host:port can be one.</summary>
    public static bool IsEndpointId(string? text)
    {
        if (text is not { Length: > 0 and <= 128 })
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or ':'))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLabel(ReadOnlySpan<char> label)
    {
        foreach (var c in label)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
            {
                return false;
            }
        }

        return label[0] != '-' && label[^1] != '-';
    }
}
