namespace Mesh.Deploy.Tests;

/// <summary>The files of the repository, by their path in it.</summary>
internal static class Repository
{
    public static readonly string Root = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static bool Has(string path) => File.Exists(Path.Combine(Root, path)) || Directory.Exists(Path.Combine(Root, path));

    /// <summary>Files under a folder whose names match, as paths in the repository; what was built is left out.</summary>
    public static IReadOnlyList<string> Files(string folder, params string[] patterns) =>
    [
        .. patterns.SelectMany(pattern => Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories))
            .Select(static path => Path.GetRelativePath(Root, path))
            .Where(static path => !path.Split('/').Any(static part => part is "bin" or "obj" or "node_modules"))
            .Order(StringComparer.Ordinal),
    ];

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Mesh.Orleans.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return folder.FullName;
    }
}
