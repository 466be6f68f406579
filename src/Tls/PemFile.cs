namespace Mesh.Tls;

/// <summary>A file that a person named.</summary>
/// <param name="Option">By which option, as it is written: <c>--tls-cert</c>.</param>
/// <param name="Path">Where it is.</param>
public sealed record PemFile(string Option, string Path)
{
    /// <summary>Bytes of the longest file that is read: some hundred certificates.</summary>
    public const int Longest = 1024 * 1024;

    /// <summary>Null when there is no path.</summary>
    public static PemFile? At(string option, string? path) => path is null ? null : new PemFile(option, path);

    /// <summary>Its text.</summary>
    /// <exception cref="TlsFileException">It cannot be read.</exception>
    public string Read()
    {
        try
        {
            return new FileInfo(Path) is { Exists: true, Length: > Longest }
                ? throw Wrong($"is longer than {Longest} bytes", "Name the PEM file itself")
                : File.ReadAllText(Path);
        }
        catch (UnauthorizedAccessException)
        {
            throw Directory.Exists(Path)
                ? Wrong("is a folder", "Name a PEM file in it")
                : Wrong($"may not be read by '{Environment.UserName}'", "Give that user the right to read it");
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Wrong("does not exist", "Name a PEM file");
        }
        catch (IOException)
        {
            throw Wrong("cannot be read", "Look at the disk it is on");
        }
    }

    internal TlsFileException Wrong(string what, string remedy) => new($"{Option} '{Path}': The file {what}. {remedy}.");
}

/// <summary>A file that TLS needs is not what it should be. The message is for the person who named it: the option, the file, what is wrong, what to do.</summary>
public sealed class TlsFileException(string message) : Exception(message);
