namespace Mesh.Cli.Documents;

/// <summary>Finds what <c>-f</c> names: a file, all documents of a directory, or standard input.</summary>
internal static class Sources
{
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <exception cref="Failure">There is no such file, or it holds no document.</exception>
    public static IReadOnlyList<PolicyText> Read(IEnumerable<string> names, Terminal terminal)
    {
        var found = names.SelectMany(name => ReadOne(name, terminal)).ToList();
        return found.Count > 0
            ? found
            : throw new Failure(ExitCodes.Refused, $"there is no document in {string.Join(", ", names)}.", "A document has kind, metadata.name and spec.");
    }

    private static IEnumerable<PolicyText> ReadOne(string name, Terminal terminal)
    {
        if (name == "-")
        {
            return DocumentReader.Read("stdin", terminal.In.ReadToEnd());
        }

        if (Directory.Exists(name))
        {
            return Directory.EnumerateFiles(name)
                .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal)
                .SelectMany(ReadFile);
        }

        return ReadFile(name);
    }

    private static IReadOnlyList<PolicyText> ReadFile(string path)
    {
        try
        {
            return DocumentReader.Read(path, File.ReadAllText(path));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Failure.Usage($"there is no file '{path}'.", "Name a file or a directory with -f, or - for standard input.");
        }
        catch (Exception closed) when (closed is UnauthorizedAccessException or IOException)
        {
            throw Failure.Usage($"'{path}' cannot be read.", "Check that it is a file and that you may read it.");
        }
    }
}
