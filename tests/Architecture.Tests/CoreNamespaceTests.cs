using System.Text.RegularExpressions;

namespace Mesh.Architecture.Tests;

/// <summary>The folders of Core are concepts in an order: none of them needs, by any detour, one that needs it.</summary>
public sealed partial class CoreNamespaceTests
{
    [Fact]
    public void Folders_of_Core_do_not_need_each_other_in_a_circle()
    {
        var folders = Directory.GetDirectories(Path.Combine(Repository.Root, "src", "Core"))
            .Select(path => Path.GetFileName(path)!)
            .Where(name => name is not ("bin" or "obj"))
            .ToList();
        var needs = folders.ToDictionary(folder => folder, folder => Needs(folder, folders));
        var circles = folders.Where(folder => Reaches(folder, folder, needs, []));
        Assert.True(!circles.Any(), string.Join('\n', needs.Select(pair => $"{pair.Key} -> {string.Join(", ", pair.Value)}")));
        Assert.Contains(needs.Values, found => found.Count > 0);
    }

    [Fact]
    public void What_lies_beside_the_folders_needs_none_of_them()
    {
        var root = Repository.Sources("src", "Core").Where(file => Path.GetDirectoryName(file.Path) == Path.Combine("src", "Core"));
        Assert.Empty(root.Where(file => file.Lines.Any(line => Using().IsMatch(line))).Select(file => file.Path));
    }

    private static HashSet<string> Needs(string folder, List<string> folders)
    {
        var found = new HashSet<string>();
        foreach (var (_, lines) in Repository.Sources("src", "Core", folder))
        {
            foreach (var line in lines.Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)))
            {
                if (Using().Match(line) is { Success: true } match)
                {
                    found.Add(match.Groups[1].Value);
                }
                // Siblings can also be reached by a name that is qualified halfway: Health.EndpointState.
                found.UnionWith(Qualified().Matches(line).Select(name => name.Groups[1].Value).Where(folders.Contains));
            }
        }
        found.Remove(folder);
        found.IntersectWith(folders);
        return found;
    }

    private static bool Reaches(string from, string target, Dictionary<string, HashSet<string>> needs, HashSet<string> seen) =>
        needs[from].Any(next => next == target || (seen.Add(next) && Reaches(next, target, needs, seen)));

    [GeneratedRegex(@"^\s*using (?:static )?Mesh\.Core\.(\w+)")]
    private static partial Regex Using();

    // Not after a dot or a word: a property that is called like a folder is no folder.
    [GeneratedRegex(@"(?:[(<\s]|Mesh\.Core\.)([A-Z]\w+)\.[A-Z]\w+(?=[\s(<>,;)?.])")]
    private static partial Regex Qualified();
}
