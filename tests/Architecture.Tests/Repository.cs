using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace Mesh.Architecture.Tests;

/// <summary>The sources and the built assemblies, as files: what is checked here is what is written, not what is loaded.</summary>
public static class Repository
{
    public static readonly string Root = FindRoot();

    public static IReadOnlyList<string> Projects { get; } =
        [.. Directory.GetDirectories(Path.Combine(Root, "src")).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    public static XDocument ProjectFile(string project) =>
        XDocument.Load(Directory.GetFiles(Path.Combine(Root, "src", project), "*.csproj").Single());

    public static string AssemblyName(string project) =>
        ProjectFile(project).Descendants("AssemblyName").SingleOrDefault()?.Value ?? $"Mesh.{project}";

    public static IReadOnlyList<string> ProjectReferences(string project) =>
        [.. ProjectFile(project).Descendants("ProjectReference").Select(reference => reference.Attribute("Include")!.Value)];

    public static IReadOnlyList<string> Packages(string project) =>
    [
        .. ProjectFile(project).Descendants("PackageReference")
            .Where(reference => (reference.Attribute("PrivateAssets")?.Value ?? "") != "all")
            .Select(reference => reference.Attribute("Include")!.Value),
    ];

    /// <summary>The assemblies that a project's own assembly names in its metadata.</summary>
    public static IReadOnlyList<string> AssemblyReferences(string project)
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, AssemblyName(project) + ".dll")));
        var reader = file.GetMetadataReader();
        return [.. reader.AssemblyReferences.Select(handle => reader.GetString(reader.GetAssemblyReference(handle).Name))];
    }

    public static IEnumerable<(string Path, string[] Lines)> Sources(params string[] folder) =>
        Directory.EnumerateFiles(Path.Combine([Root, .. folder]), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => (Path.GetRelativePath(Root, path), File.ReadAllLines(path)));

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
