using System.Reflection;
using System.Text.RegularExpressions;

namespace Mesh.Architecture.Tests;

/// <summary>One source, two editions: the sources name the real packages, and the stand-ins look like them.</summary>
public sealed partial class EditionTests
{
    [Theory]
    [InlineData("Mesh.Embedded.Grpc")]
    [InlineData("Mesh.Embedded.Orleans")]
    public void Public_types_of_a_stand_in_live_where_the_originals_do(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, name + ".dll");
        Assert.SkipUnless(File.Exists(path), "This is the cluster edition; it has the originals.");
        var types = Assembly.LoadFrom(path).GetExportedTypes();
        Assert.NotEmpty(types);
        Assert.DoesNotContain(types, type => !OriginalNamespace().IsMatch(type.Namespace ?? ""));
    }

    [Fact]
    public void Project_files_name_the_real_packages_and_never_a_stand_in()
    {
        foreach (var project in Repository.Projects)
        {
            Assert.DoesNotContain(Repository.ProjectReferences(project), path => path.Contains("embedded", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public void Only_the_composition_knows_which_edition_it_is()
    {
        var elsewhere = Repository.Sources("src")
            .Where(file => file.Lines.Any(line => Conditional().IsMatch(line)))
            .Select(file => file.Path)
            .Where(path => !path.StartsWith("src/Silo/", StringComparison.Ordinal));
        Assert.Empty(elsewhere);
    }

    [Fact]
    public void No_file_is_longer_than_350_lines() =>
        Assert.Empty(Repository.Sources("src").Concat(Repository.Sources("embedded")).Where(file => file.Lines.Length > 350).Select(file => file.Path));

    [GeneratedRegex(@"^(Orleans|Grpc|Microsoft)(\.|$)")]
    private static partial Regex OriginalNamespace();

    [GeneratedRegex(@"^\s*#(el)?if\b.*\bCLUSTER\b")]
    private static partial Regex Conditional();
}
