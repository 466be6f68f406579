using System.Globalization;
using System.Runtime.CompilerServices;
using Mesh.Storage;
using Orleans;
using Orleans.Runtime;

namespace Mesh.Runtime.Tests.Storage;

/// <summary>
/// This program as a victim: started again with a store's path in the environment, it writes for ever instead of running tests, and says
/// on its standard output what was acknowledged.
/// </summary>
internal static class KilledWriter
{
    internal const string Variable = "MESH_TEST_WRITE_UNTIL_KILLED";
    internal const int Grains = 8;

    /// <summary>Never returns to a victim. All of this assembly's code must run on this thread: others wait until the initializer is done.</summary>
    [ModuleInitializer]
    internal static void BecomeVictim()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path)
        {
            return;
        }

        var storage = new SqliteGrainStorage("mesh", new SqliteGrainStorageOptions { Path = path });
        storage.OpenAsync(CancellationToken.None).GetAwaiter().GetResult();
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        var records = new GrainState<int>[Grains];
        for (var i = 0; i < Grains; i++)
        {
            records[i] = new();
            storage.ReadStateAsync("s", Grain(i), records[i]).GetAwaiter().GetResult();
        }

        var writes = new Task[Grains];
        while (true)
        {
            for (var i = 0; i < Grains; i++)
            {
                records[i].State++;
                writes[i] = storage.WriteStateAsync("s", Grain(i), records[i]);
            }

            for (var i = 0; i < Grains; i++)
            {
                writes[i].GetAwaiter().GetResult();
                output.WriteLine($"{i} {records[i].State}");
            }
        }
    }

    internal static GrainId Grain(int number) => GrainId.Create("counter", number.ToString(CultureInfo.InvariantCulture));
}
