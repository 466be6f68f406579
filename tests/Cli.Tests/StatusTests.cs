namespace Mesh.Cli.Tests;

public class StatusTests : MeshctlTest
{
    private const string Well = """
        {"well":true,"headline":"Well: 2 silos and 1 gateway; 1 thing to know.","findings":[{"wrong":false,"text":"Silo s3 has left or died, and has not come back.","remedy":"Start it again, unless that is meant."}],
         "cluster":"mesh","edition":"Cluster","product":"0.1.0","at":"2026-03-01T12:00:00+00:00",
         "silos":[
          {"name":"s1","address":"S10.0.0.1:11111:1","state":"Active","started":"2026-03-01T11:00:00+00:00","version":"0.1.0","residentBytes":134217728,"heapBytes":1048576,"processorsUsed":0.25,"grains":{"endpoint":1200,"service":10}},
          {"name":"s2","address":"S10.0.0.2:11111:2","state":"Active","started":"2026-03-01T11:58:00+00:00","version":"0.1.0","residentBytes":125829120,"heapBytes":1048576,"processorsUsed":0.5,"grains":{"endpoint":900}},
          {"name":"s3","address":"S10.0.0.3:11111:3","state":"Dead","started":"2026-03-01T10:00:00+00:00"}],
         "gateways":[{"name":"s1","silo":"S10.0.0.1:11111:1","rest":"10.0.0.1:15080","grpc":"10.0.0.1:15010","version":"0.1.0","started":"2026-03-01T11:00:00+00:00","ready":true,"complaints":[],"services":10,"adsStreams":1500,"lrsStreams":1400,"heardSecondsAgo":3,"stale":false}],
         "adsStreams":1500,"lrsStreams":1400,
         "stores":[{"name":"redis","role":"State","up":true,"since":"2026-03-01T11:00:00+00:00","downFor":[],"asked":1}],"missing":[]}
        """;

    [Fact]
    public async Task It_says_how_it_is_and_then_who_there_is()
    {
        Server.On("GET /v1/status", Well);

        var ran = await Run("status");

        Assert.Equal(
            """
            Well: 2 silos and 1 gateway; 1 thing to know.
              - Silo s3 has left or died, and has not come back. Start it again, unless that is meant.

            SILO   STATE    SINCE   VERSION   MEMORY    GRAINS   ADDRESS
            s1     Active   60m     0.1.0     128 MiB   1,210    S10.0.0.1:11111:1
            s2     Active   2m0s    0.1.0     120 MiB   900      S10.0.0.2:11111:2
            s3     Dead     2h0m    -         -         -        S10.0.0.3:11111:3

            GRAINS     s1      s2    ALL
            endpoint   1,200   900   2,100
            service    10      0     10

            GATEWAY   READY   ADS     LRS     SERVICES   HEARD    SINCE   REST             GRPC             IN SILO
            s1        yes     1,500   1,400   10         3s ago   60m     10.0.0.1:15080   10.0.0.1:15010   yes

            STORE   HOLDS   STATE   SINCE   SCHEMA   NOTE
            redis   state   up      60m     -        -

            cluster mesh, Cluster edition, version 0.1.0; 1,500 ADS and 1,400 LRS streams in all
            """,
            ran.Text);
        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("CPU", (await Run("status", "-o", "wide")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_is_an_exit_code()
    {
        Server.On("GET /v1/status", """
            {"well":false,"headline":"Degraded: No silo answers.","findings":[{"wrong":true,"text":"No silo answers.","remedy":"See whether the silos run."}],
             "cluster":"mesh","edition":"Cluster","product":"0.1.0","at":"2026-03-01T12:00:00+00:00","silos":[],"gateways":[],"adsStreams":0,"lrsStreams":0,"stores":[],"missing":["the list of silos"]}
            """);

        var ran = await Run("status");

        Assert.Equal(1, ran.ExitCode);
        Assert.StartsWith(
            """
            Degraded: No silo answers.
              ! No silo answers. See whether the silos run.
              Missing below, for it did not answer in time: the list of silos.
            """,
            ran.Text,
            StringComparison.Ordinal);
        Assert.Equal(1, (await Run("status", "-o", "json")).ExitCode);
        Assert.Equal(4, (await Run(new Setup(Server: "http://127.0.0.1:1"), "status")).ExitCode);
    }
}
