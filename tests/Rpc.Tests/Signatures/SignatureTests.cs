using System.Reflection;
using System.Text.RegularExpressions;
using Grpc.Core;

namespace Mesh.Rpc.Tests.Signatures;

/// <summary>
/// The stand-in promises the original's names and signatures, so that one source compiles against both. Where the original's
/// assemblies can be had, this compares them: everything public in the stand-in must be there, the same, in the original.
/// </summary>
public sealed class SignatureTests
{
    private static readonly string Packages = typeof(SignatureTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "NuGetPackageRoot").Value!;

    [Theory]
    [InlineData("Grpc.Net.Client", "Grpc.Net.Client.")]
    [InlineData("Grpc.AspNetCore.Server", "Grpc.AspNetCore.Server.|Microsoft.|Grpc.Core.ServerCallContextExtensions")]
    [InlineData("Grpc.Core.Api", "Grpc.Core.(?!ServerCallContextExtensions|AsyncStreamReaderExtensions)")]
    public void All_that_is_public_in_the_stand_in_is_the_same_in_the_original(string package, string ours)
    {
        var original = PublicSurface.Of(Find(package)).Types;
        var missing = new List<string>();
        foreach (var (type, members) in StandIn().Types.Where(type => Regex.IsMatch(type.Key, $"^({ours})")))
        {
            if (!original.TryGetValue(type, out var theirs))
            {
                missing.Add($"{type}: no such type");
                continue;
            }
            missing.AddRange(members.Except(theirs).Select(member => $"{type}: {member}"));
        }
        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    /// <summary>
    /// Grpc.Core.Api is the assembly that restricted mirrors lack. What the others call in it is written in them, though, and
    /// where the stand-in has a method of the same type and name, one of its overloads must be the one they call.
    /// </summary>
    [Theory]
    [InlineData("Grpc.Net.Client")]
    [InlineData("Grpc.AspNetCore.Server")]
    public void What_the_original_calls_in_Grpc_Core_is_what_the_stand_in_declares(string package)
    {
        var ours = StandIn().Declared.ToLookup(method => (method.Type, method.Name), method => method.Signature);
        var compared = 0;
        var wrong = new List<string>();
        foreach (var (type, name, signature) in PublicSurface.Of(Find(package)).References.Where(use => use.Type.StartsWith("Grpc.Core.", StringComparison.Ordinal)))
        {
            // Calls under way may also be made from a state object and delegates on it; only the original's client does that.
            var overloads = ours[(type, name)].ToList();
            if (overloads.Count == 0 || signature.Contains("System.Func`2<Object", StringComparison.Ordinal))
            {
                continue;
            }
            compared++;
            if (!overloads.Contains(signature))
            {
                wrong.Add($"{type}.{name}{signature}, here {string.Join(" or ", overloads)}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(compared >= 20, $"Only {compared} members were there to compare.");
    }

    private static PublicSurface StandIn()
    {
        var assembly = typeof(Metadata).Assembly;
        Assert.SkipUnless(assembly.GetName().Name == "Mesh.Embedded.Grpc", "This is the original itself.");
        return PublicSurface.Of(assembly.Location);
    }

    private static string Find(string package)
    {
        var folder = Path.Combine(Packages, package.ToLowerInvariant());
        var found = Directory.Exists(folder)
            ? Directory.GetFiles(folder, package + ".dll", SearchOption.AllDirectories)
                .Where(path => path.Contains("net10.0", StringComparison.Ordinal) || path.Contains("netstandard2.1", StringComparison.Ordinal))
                .OrderBy(path => path.Contains("net10.0", StringComparison.Ordinal)).ThenBy(path => path, StringComparer.Ordinal)
                .LastOrDefault()
            : null;
        Assert.SkipWhen(found is null, $"{package} does not restore from this registry; its signatures are not compared.");
        return found!;
    }
}
