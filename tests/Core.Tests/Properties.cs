using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Mesh.Core.Tests;

/// <summary>
/// Runs properties from a fixed seed, so that two runs of one commit do the same. <c>MESH_SEED=7</c> tries other cases, <c>MESH_CASES=10000</c> more of them;
/// a failure prints the smallest case that it found.
/// </summary>
internal static class Properties
{
    public static void Hold<T>(Gen<T> gen, Action<T> property, int cases = 300)
    {
        var config = Config.QuickThrowOnFailure.WithQuietOnSuccess(true)
            .WithMaxTest((int)FromEnvironment("MESH_CASES", (ulong)cases))
            .WithReplay(FSharpOption<FsCheck.Replay>.Some(new FsCheck.Replay(new Rnd(FromEnvironment("MESH_SEED", 1)), FSharpOption<int>.None)));
        Check.One(config, Prop.ForAll(gen.ToArbitrary(), property));
    }

    private static ulong FromEnvironment(string name, ulong otherwise) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
